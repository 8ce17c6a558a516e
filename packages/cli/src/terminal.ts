import { stderr, stdout } from 'node:process'
import { stripVTControlCharacters } from 'node:util'

/** Prints the command's result. Nothing else goes to stdout, so that it can be piped. */
export function print(text: string): void {
  stdout.write(`${harmlessLines(text)}\n`)
}

/** Prints JSON. Characters that would steer a terminal are escaped, which keeps the meaning of the JSON. */
export function printJson(value: unknown): void {
  stdout.write(`${harmlessJson(JSON.stringify(value, null, stdout.isTTY ? 2 : undefined))}\n`)
}

/** Prints messages for the user to stderr, so that they do not go into a pipe. Each text becomes one line. */
export function say(...lines: readonly string[]): void {
  stderr.write(`${lines.map(oneLine).join('\n')}\n`)
}

/** Warns that a secret is on the screen. Prints nothing if stdout is a pipe. */
export function warnOfSecret(what: string): void {
  if (stdout.isTTY) say(`This ${what} is a secret, and now it is on your screen.`)
}

/** Formats rows in columns, each as wide as its widest cell. */
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

/** Control characters (C0, C1), line ends, and characters that change the direction of text. */
const STEERING = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu

/** Returns one line without characters that steer a terminal. Text of servers and files is not trusted. */
export const oneLine = (text: string): string =>
  stripVTControlCharacters(text).replaceAll(STEERING, ' ')

/** The same, but keeps line breaks and tabs. */
export const harmlessLines = (text: string): string =>
  text
    .split(/\r?\n/)
    .map((line) => line.split('\t').map(oneLine).join('\t'))
    .join('\n')

/** Escapes characters that steer a terminal. Parsers read the same value. */
export const harmlessJson = (json: string): string =>
  json.replaceAll(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
