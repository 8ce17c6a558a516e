/**
 * The promises of every adapter, as test cases.
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
 * Returns the promises of Latchkey for any client, as a list of named cases for any test runner, in Node and in
 * pages. Each case runs against its own part of real servers, so cases may run at the same time.
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
