import { harmlessLines } from './terminal.ts'

/** What the parser repeats of the command line, and which of it stays: names that are ours. */
const REPEATED: readonly (readonly [pattern: RegExp, kept: string])[] = [
  [/(unknown option )'(--[a-z]+(?:-[a-z]+)*(?=[='])|-[a-z]?).*'/su, "$1'$2'"],
  [/(unknown command) '.*'/su, '$1'],
  [/(too many arguments.* got \d+): .*\./su, '$1.'],
  [/(argument) '.*' (is invalid)/su, '$1 $2'],
  [/(command-argument value) '.*' (is invalid)/su, '$1 $2'],
]

/**
 * What the parser says is wrong, without what somebody has typed: a word that is no command, one argument
 * too many or an option that we do not have (`--password=…`, `-psecret`) may be a secret, and screens and
 * logs are read by others.
 */
export const withoutValues = (text: string): string =>
  harmlessLines(REPEATED.reduce((said, [pattern, kept]) => said.replace(pattern, kept), text))
