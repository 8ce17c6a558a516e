import { LatchkeyError } from './errors.ts'

/** What an option has to be, where that can be said in general. */
const KINDS = {
  text: ['a non-empty string', (value: unknown) => typeof value === 'string' && value !== ''],
  boolean: ['true or false', (value: unknown) => typeof value === 'boolean'],
  function: ['a function', (value: unknown) => typeof value === 'function'],
  store: ['an object with getToken, setToken and removeToken', isStore],
} as const

type Kind = keyof typeof KINDS

/** Every option, each once, so that the compiler misses one that is left out; with its kind, or `true` for any value. */
export type OptionNames<Options> = Readonly<
  Record<Options extends unknown ? keyof Options : never, true | Kind>
>

/**
 * Returns the caller's own options, in an object that inherits nothing: what a careless merge has put on
 * `Object.prototype` is not an option. Refuses an unknown option, which would be left out in silence, and one of
 * another kind. `undefined` counts as left out.
 *
 * @param path What stands before the name, where the options are themselves an option: `'signIn.'`.
 * @throws {LatchkeyError} `ERR_INVALID_OPTION`, naming the option, and the known ones or what was expected.
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

/** The error of a wrong option. `message` names the option, and never shows a secret. */
export const invalidOption = (message: string): LatchkeyError =>
  new LatchkeyError('ERR_INVALID_OPTION', message)
