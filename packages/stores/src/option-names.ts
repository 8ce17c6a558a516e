import { StoreError } from './store-error.ts'

/** The names of all options. The compiler reports one that is missing. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>

/**
 * Refuses options that are not an object, and unknown ones, as core does. A misspelt option would otherwise have no
 * effect.
 *
 * @throws {StoreError} `ERR_INVALID_OPTION`, naming the unknown option and the known ones.
 */
export function expectKnown(options: object, known: object): void {
  const isObject = typeof options === 'object' && options !== null
  const unknown = isObject && Object.keys(options).find((option) => !Object.hasOwn(known, option))
  if (unknown === undefined) return
  const wrong = isObject ? `Unknown option \`${unknown}\`.` : 'Options must be an object.'
  const names = Object.keys(known).join(', ')
  throw new StoreError('ERR_INVALID_OPTION', `${wrong} Known options: ${names}.`)
}
