import type { Challenge } from '../challenge.ts'
import { invalidOption, type OptionNames } from '@latchkey/core/service'

/** What every sign-in of a person may ask for. */
export interface SignInOptions {
  /** The scopes to ask for, separated by spaces. Default: the manager's `scope`. */
  scope?: string | undefined
  /** More to send to the server, such as `prompt`, `login_hint`, `acr_values` or `max_age`. */
  parameters?: Readonly<Record<string, string>> | undefined
  /**
   * What a resource server asks for, from `explain()` or `onChallenge`: its scopes are asked for besides
   * the others, and its `acr_values`, `max_age` and `claims` go to the server.
   */
  challenge?: Challenge | undefined
}

/** Their names, for `expectKnown()`. */
export const signInOptions: OptionNames<SignInOptions> = {
  scope: 'text',
  parameters: true,
  challenge: true,
}

/** What to ask the server for: the scopes, and the parameters besides. */
export function asked(
  { scope, parameters, challenge }: SignInOptions,
  usual: string | undefined,
): { scope: string | undefined; more: [string, string][] } {
  const scopes = [scope ?? usual, challenge?.scope].flatMap((one) => one?.split(' ') ?? [])
  const { acr_values, max_age, claims } = challenge ?? {}
  const wanted = Object.entries({ acr_values, max_age, claims })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]): [string, string] => [name, String(value)])
  const more = [...wanted, ...checkParameters(parameters)]
  return { scope: scopes.length > 0 ? [...new Set(scopes)].join(' ') : undefined, more }
}

/** What the flows themselves set: an option that replaced one would undo their protection. */
const TAKEN: ReadonlySet<string> = new Set([
  'client_id',
  'response_type',
  'redirect_uri',
  'state',
  'nonce',
  'code_challenge',
  'code_challenge_method',
  'scope',
])

/**
 * @param taken What has an option of its own, or is set by the flow.
 * @throws {LatchkeyError} `ERR_INVALID_OPTION`, naming the parameter.
 */
export function checkParameters(given: unknown = {}, taken = TAKEN): [string, string][] {
  if (typeof given !== 'object' || given === null || Symbol.iterator in given) {
    throw invalidOption('`parameters` must be an object of names and values.')
  }
  return Object.entries(given).map(([name, value]) => {
    if (taken.has(name)) throw invalidOption(`\`parameters.${name}\` is set without it.`)
    if (typeof value === 'string') return [name, value]
    throw invalidOption(`\`parameters.${name}\` must be a string.`)
  })
}
