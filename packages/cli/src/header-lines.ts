import { ExitCode } from './exit-code.ts'
import { Failure } from './failure.ts'

/**
 * Headers as they are written, one a line: `name: value`.
 *
 * @param from Where they are written, for the message: no line is repeated, since its value may be a secret.
 * @throws {Failure} For a line that is no header.
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
