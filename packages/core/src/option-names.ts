import { LatchkeyError } from './errors.ts'

/** The expected kinds of options, for the kinds that many of them share. */
const KINDS = {
  text: ['a non-empty string', (value: unknown) => typeof value === 'string' && value !== ''],
  boolean: ['true or false', (value: unknown) => typeof value === 'boolean'],
  function: ['a function', (value: unknown) => typeof value === 'function'],
  store: ['an object with getToken, setToken and removeToken', isStore],
} as const

type Kind = keyof typeof KINDS

/** All options with their kind, or `true` for any value. The compiler reports an option that is missing here. */
export type OptionNames<Options> = Readonly<
  Record<Options extends unknown ? keyof Options : never, true | Kind>
>

/**
 * Returns the caller's own options, in an object that inherits nothing: a value that a careless merge has put on
 * `Object.prototype` is not an option. An unknown option, or one of another kind, is an error, because it would
 * have no effect. `undefined` counts as absent.
 *
 * @param path The prefix of the name, if the options are themselves an option: `'signIn.'`.
 * @throws {LatchkeyError} `ERR_INVALID_OPTION`, naming the option, and the known options or the expected value.
 */
export function expectKnown<Options extends object>(
  options: Options,
  known: Readonly<Record<string, true | Kind>>,
  path = '',
): Options {
  const names = Object.keys(known).join(', ')
  if (typeof options !== 'object' || options === null) {
    throw invalidOption(`Options must be an object. Known options: ${names}.`)
  }
  const own = Object.assign(Object.create(null), options) as Record<string, unknown>
  for (const [option, value] of Object.entries(own)) {
    const kind = Object.hasOwn(known, option) ? known[option] : undefined
    if (!kind) throw invalidOption(`Unknown option \`${path}${option}\`. Known options: ${names}.`)
    if (kind === true || value === undefined) continue
    const [expected, isMet] = KINDS[kind]
    if (!isMet(value)) throw invalidOption(`\`${path}${option}\` must be ${expected}.`)
  }
  return own as Options
}

function isStore(value: unknown): boolean {
  const { getToken, setToken, removeToken } = Object(value) as Record<string, unknown>
  return [getToken, setToken, removeToken].every((method) => typeof method === 'function')
}

/** Creates the error for a wrong option. `message` names the option and never shows a secret. */
export const invalidOption = (message: string): LatchkeyError =>
  new LatchkeyError('ERR_INVALID_OPTION', message)
