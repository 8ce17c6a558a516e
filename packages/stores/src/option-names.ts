import { StoreError } from './store-error.ts'

/** Every option there is, each once: the compiler misses one that is left out. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>

/**
 * Refuses what is no options, and an option that there is not, as core does. Misspelt, it would be left out in
 * silence.
 *
 * @throws {StoreError} `ERR_INVALID_OPTION`, naming it and those there are.
 */
export function expectKnown(options: object, known: object): void {
  const isObject = typeof options === 'object' && options !== null
  const unknown = isObject && Object.keys(options).find((option) => !Object.hasOwn(known, option))
  if (unknown === undefined) return
  const wrong = isObject ? `There is no option \`${unknown}\`.` : 'The options are no object.'
  const names = Object.keys(known).join(', ')
  throw new StoreError('ERR_INVALID_OPTION', `${wrong} There are: ${names}.`)
}
