import { harmlessLines } from './terminal.ts'

/** Patterns in the parser's messages that repeat user input, and the safe part to keep. */
const REPEATED: readonly (readonly [pattern: RegExp, kept: string])[] = [
  [/(unknown option )'(--[a-z]+(?:-[a-z]+)*(?=[='])|-[a-z]?).*'/su, "$1'$2'"],
  [/(unknown command) '.*'/su, '$1'],
  [/(too many arguments.* got \d+): .*\./su, '$1.'],
  [/(argument) '.*' (is invalid)/su, '$1 $2'],
  [/(command-argument value) '.*' (is invalid)/su, '$1 $2'],
]

/**
 * Removes user input from the parser's message. An unknown command, an extra argument or an unknown option
 * (`--password=…`, `-psecret`) may be a secret, and other people read screens and logs.
 */
export const withoutValues = (text: string): string =>
  harmlessLines(REPEATED.reduce((said, [pattern, kept]) => said.replace(pattern, kept), text))
