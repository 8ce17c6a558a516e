import type { Challenge } from '../challenge.ts'
import { invalidOption, type OptionNames } from '@latchkey/core/service'

/** Options of every sign-in of a person. */
export interface SignInOptions {
  /** The scopes to request, separated by spaces. Default: the manager's `scope`. */
  scope?: string | undefined
  /** More parameters for the server, such as `prompt`, `login_hint`, `acr_values` or `max_age`. */
  parameters?: Readonly<Record<string, string>> | undefined
  /**
   * A resource server's challenge, from `explain()` or `onChallenge`. Its scopes are requested in addition, and
   * its `acr_values`, `max_age` and `claims` are sent to the server.
   */
  challenge?: Challenge | undefined
}

/** Their names, for `expectKnown()`. */
export const signInOptions: OptionNames<SignInOptions> = {
  scope: 'text',
  parameters: true,
  challenge: true,
}

/** Returns the scopes and the other parameters to request. */
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

/** Parameters that the flows set. Replacing one would undo their protection. */
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
 * @param taken Parameters that have their own option, or that the flow sets.
 * @throws {LatchkeyError} `ERR_INVALID_OPTION`, naming the parameter.
 */
export function checkParameters(given: unknown = {}, taken = TAKEN): [string, string][] {
  if (typeof given !== 'object' || given === null || Symbol.iterator in given) {
    throw invalidOption('`parameters` must be an object of names and values.')
  }
  return Object.entries(given).map(([name, value]) => {
    if (taken.has(name))
      throw invalidOption(`\`parameters.${name}\` is set automatically. Remove it.`)
    if (typeof value === 'string') return [name, value]
    throw invalidOption(`\`parameters.${name}\` must be a string.`)
  })
}
