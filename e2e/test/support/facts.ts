import { bodyFacts } from './body-facts.ts'
import type { Client } from './client.ts'
import { credentialFacts } from './credential-facts.ts'
import { redirectFacts } from './redirect-facts.ts'
import { renewalFacts } from './renewal-facts.ts'
import { failureFacts } from './failure-facts.ts'
import { waitingFacts } from './waiting-facts.ts'
import type { World } from './world.ts'

/** One fact that holds for every client on every transport. */
export interface Fact {
  name: string
  run(client: Client, world: World): Promise<void>
}

/** What Latchkey promises whichever client is used. */
export const facts: readonly Fact[] = [
  ...credentialFacts,
  ...renewalFacts,
  ...bodyFacts,
  ...redirectFacts,
  ...waitingFacts,
  ...failureFacts,
]

/** `facts` for a title of '%s': vitest cuts a '$name' off after 40 characters. */
export const named = (list: readonly Fact[]): [string, Fact][] =>
  list.map((fact) => [fact.name, fact])
