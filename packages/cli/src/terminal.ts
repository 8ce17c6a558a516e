import { stderr, stdout } from 'node:process'
import { stripVTControlCharacters } from 'node:util'

/** Prints what the command is for: the only thing on stdout, so that it can be piped. */
export function print(text: string): void {
  stdout.write(`${harmlessLines(text)}\n`)
}

/** Prints for a script. What JSON leaves as it is, and a terminal does not, is spelled otherwise. */
export function printJson(value: unknown): void {
  stdout.write(`${harmlessJson(JSON.stringify(value, null, stdout.isTTY ? 2 : undefined))}\n`)
}

/** Says something to the person at the terminal, and to nobody's pipe: each text is one line. */
export function say(...lines: readonly string[]): void {
  stderr.write(`${lines.map(oneLine).join('\n')}\n`)
}

/** Warns a person whose screen shows a secret; a pipe gets it in silence. */
export function warnOfSecret(what: string): void {
  if (stdout.isTTY) say(`This ${what} is a secret, and now it is on your screen.`)
}

/** Rows in columns, as wide as they must be. */
export function table(rows: readonly (readonly string[])[]): string {
  const lines = rows.map((row) => row.map(oneLine))
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

/** Controls (C0, C1), line ends, and what turns the direction of writing around. */
const STEERING = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu

/** One line without what would steer a terminal: servers, files and the environment say what they like. */
export const oneLine = (text: string): string =>
  stripVTControlCharacters(text).replaceAll(STEERING, ' ')

/** The same for a text that is meant to have lines, and tabs in them. */
export const harmlessLines = (text: string): string =>
  text
    .split(/\r?\n/)
    .map((line) => line.split('\t').map(oneLine).join('\t'))
    .join('\n')

/** Means the same to whoever parses it. */
export const harmlessJson = (json: string): string =>
  json.replaceAll(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
