import type { Call } from './call.ts'
import type { Observation } from './run.ts'

/** A difference that there is, and why. */
interface Known {
  why: string
  applies(call: Call, where: string, bare: Observation, registered: Observation): boolean
}

const isAxios = ({ client }: Call) => client.startsWith('axios')
const isMoved = ({ answer }: Call) => /redirect|loop/.test(answer)
const mayWait = ({ mode }: Call) => mode === 'awaited' || mode === 'dead'
const withoutRequest = (keys: unknown) => String(keys).replace(/,?\brequest\b/, '')

/** All of them. */
export const known: readonly Known[] = [
  {
    why: 'A request that holds the token is not enumerable, so that it is not printed (DESIGN: no secret in any output).',
    applies: (call, where, bare, registered) =>
      isAxios(call) &&
      where === 'result.keys' &&
      withoutRequest(bare.result['keys']) === registered.result['keys'],
  },
  {
    why: 'What counts is what was given at the call; clients read bodies and parameters a little later, and again for a redirect.',
    applies: ({ changes }, where) =>
      changes && /^exchanges\.\d\.(body|url|headers\.content-length)$/.test(where),
  },
  {
    why: 'A caller who aborts while a token is awaited is told so with the own reason, whatever else is wrong with the call.',
    applies: (call) => call.abort !== 'never' && mayWait(call),
  },
  {
    why: 'A stream cannot be redirected by the platform (axios makes one for progress, and a Request does not tell); what we follow is made anew, or sent from memory.',
    applies: (call) =>
      isMoved(call) &&
      (/stream|of node/.test(call.body) || (call.client === 'axios, fetch' && call.hooks)),
  },
  {
    why: 'A form of Node that has to wait is sent as one buffer, since its owner may add to it meanwhile.',
    applies: (call) => call.body === 'form of node' && mayWait(call) && isAxios(call),
  },
  {
    why: 'Progress is told at most three times a second, so a short upload may be over before.',
    applies: (_, where, bare, registered) =>
      where === 'result.reached' &&
      (bare.result['reached'] === undefined || registered.result['reached'] === undefined),
  },
  {
    why: 'The address is written at the call, also where axios refuses the body later.',
    applies: (call, where, bare) =>
      isAxios(call) && where === 'calls.serialize' && 'error' in bare.result,
  },
  {
    why: 'Options that are getters are each read once; node-fetch reads some of them several times, and some never.',
    applies: ({ client }, where) => client === 'node-fetch' && where.startsWith('calls.get '),
  },
  {
    why: 'Redirects are followed as the fetch standard has it, and credentials stay at their origin; node-fetch differs in both.',
    applies: (call) => call.client === 'node-fetch' && isMoved(call),
  },
]
