import { stderr, stdout } from 'node:process'
import { stripVTControlCharacters } from 'node:util'

/** Prints what the command is for: the only thing on stdout, so that it can be piped. */
export function print(text: string): void {
  stdout.write(`${text}\n`)
}

/** Prints for a script. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, stdout.isTTY ? 2 : undefined))
}

/** Says something to the person at the terminal, and to nobody's pipe. */
export function say(text: string): void {
  stderr.write(`${text.split('\n').map(harmless).join('\n')}\n`)
}

/** Warns a person whose screen shows a secret; a pipe gets it in silence. */
export function warnOfSecret(what: string): void {
  if (stdout.isTTY) say(`This ${what} is a secret, and now it is on your screen.`)
}

/** Rows in columns, as wide as they must be. */
export function table(rows: readonly (readonly string[])[]): string {
  const lines = rows.map((row) => row.map(harmless))
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => (line[column] ?? '').length)),
  )
  return lines
    .map((line) =>
      line
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** One line without what would steer a terminal: servers and files say what they like. */
const harmless = (text: string): string =>
  stripVTControlCharacters(text).replaceAll(/\p{Cc}+/gu, ' ')
