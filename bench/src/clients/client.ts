import type { World } from '../worlds/world.ts'

/** Sends one request. Gives its status, or rejects as the client does. */
export type Call = (path?: string) => Promise<number>

/** One way to keep a client signed in, or none. */
export interface Contender {
  name: string
  connect(world: World): Call | Promise<Call>
}

/** One client with everything that is compared on it. */
export interface Family {
  /** The client alone: it sends no token. */
  bare: Contender
  /** The client with a header that never changes: what a user would write by hand. */
  constant: Contender
  latchkey?: Contender
  peers: Contender[]
}

export const PATH = '/items'

/** The status of a response. `reads`: with its body, since one that nobody reads keeps its connection. */
export async function statusOf(response: Response, reads: boolean): Promise<number> {
  if (reads) await response.text()
  return response.status
}
