import { ExitCode } from './exit-code.ts'
import { Failure } from './failure.ts'

/**
 * Parses headers, one per line: `name: value`.
 *
 * @param from Where the lines are, for the message. The line itself is left out, because it may be a secret.
 * @throws {Failure} When a line is not a header.
 */
export function readHeaderLines(lines: readonly string[], from: string): Headers {
  const headers = new Headers()
  for (const line of lines) {
    const [name = '', ...value] = line.split(':')
    try {
      if (value.length === 0) throw new TypeError('no colon')
      headers.append(name.trim(), value.join(':').trim())
    } catch {
      throw new Failure(ExitCode.usage, `Write a header as "name: value". See ${from}.`)
    }
  }
  return headers
}
