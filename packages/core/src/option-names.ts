import { LatchkeyError } from './errors.ts'

/** Every option there is, each once: the compiler misses one that is left out. */
export type OptionNames<Options> = Readonly<
  Record<Options extends unknown ? keyof Options : never, true>
>

/**
 * Refuses what is no options, and an option that there is not. Misspelt, it would be left out in silence.
 *
 * @param path What stands before the name, where the options are themselves an option: `'signIn.'`.
 * @throws {LatchkeyError} `ERR_INVALID_OPTION`, naming it and those there are.
 */
export function expectKnown(options: object, known: object, path = ''): void {
  const isObject = typeof options === 'object' && options !== null
  const unknown = isObject && Object.keys(options).find((option) => !Object.hasOwn(known, option))
  if (unknown === undefined) return
  const wrong = isObject
    ? `There is no option \`${path}${unknown}\`.`
    : 'The options are no object.'
  const names = Object.keys(known).join(', ')
  throw new LatchkeyError('ERR_INVALID_OPTION', `${wrong} There are: ${names}.`)
}
