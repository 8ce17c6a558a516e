/**
 * What every adapter promises, as test cases.
 *
 * @module
 */

import { answerCases } from './contract/answer-cases.ts'
import { challengeCases } from './contract/challenge-cases.ts'
import { credentialCases } from './contract/credential-cases.ts'
import { failureCases } from './contract/failure-cases.ts'
import { redirectCases } from './contract/redirect-cases.ts'
import { renewalCases } from './contract/renewal-cases.ts'
import { replayCases } from './contract/replay-cases.ts'
import type { AdapterCase } from './contract/stage.ts'
import { waitingCases } from './contract/waiting-cases.ts'

export type { AdapterCase } from './contract/stage.ts'
export type {
  AdapterSubject,
  Call,
  ConnectOptions,
  Outcome,
  Platform,
  Send,
} from './contract/subject.ts'

/**
 * What Latchkey promises whichever client is used: a list of named cases, for any test runner, in Node
 * and in pages. Each runs against real servers, in a corner of its own, so they may run at once.
 *
 * @example
 * const servers = await startContractServers() // from @latchkey/testing/node
 * test.each(adapterContract())('$name', ({ run }) => run(subject, servers))
 */
export function adapterContract(): AdapterCase[] {
  return [
    ...credentialCases,
    ...renewalCases,
    ...replayCases,
    ...redirectCases,
    ...waitingCases,
    ...failureCases,
    ...challengeCases,
    ...answerCases,
  ]
}
