import { StoreError } from './store-error.ts'

/** Every option there is, each once: the compiler misses one that is left out. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>

/**
 * Refuses an option that there is not, as core does. Misspelt, it would be left out in silence.
 *
 * @throws {StoreError} `ERR_INVALID_OPTION`, naming it and those there are.
 */
export function expectKnown(options: object, known: object): void {
  const unknown = Object.keys(options).find((option) => !Object.hasOwn(known, option))
  if (unknown === undefined) return
  const names = Object.keys(known).join(', ')
  throw new StoreError(
    'ERR_INVALID_OPTION',
    `There is no option \`${unknown}\`. There are: ${names}.`,
  )
}
