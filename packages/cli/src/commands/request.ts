import { createReadStream } from 'node:fs'
import { stdin, stdout } from 'node:process'
import { buffer } from 'node:stream/consumers'
import { wrapFetch } from '@latchkey/fetch'
import { ExitCode } from '../exit-code.ts'
import { Failure } from '../failure.ts'
import { type SessionOptions, useSession } from '../session.ts'
import { print, say } from '../terminal.ts'

export interface RequestOptions extends SessionOptions {
  /** A file, or `-` for stdin. */
  input?: string
  header?: string[]
  verbose?: boolean
}

/** Sends one signed-in request and prints the answer's body, a JSON one readably on a terminal. */
export async function request(
  method: string,
  path: string,
  options: RequestOptions,
): Promise<void> {
  const session = await useSession(options)
  const url = resolve(session.url, path)
  const body = options.input === undefined ? undefined : await readInput(options.input)
  const headers = readHeaders(options.header ?? [])
  if (body !== undefined && !headers.has('content-type')) {
    headers.set('content-type', 'application/json')
  }
  const send = wrapFetch(session.manager)
  const response = await send(url, { method: method.toUpperCase(), headers, ...(body && { body }) })
  if (options.verbose) {
    say(`${response.status} ${response.statusText}`.trim())
    for (const [name, value] of response.headers) say(`${name}: ${value}`)
  }
  const text = await response.text()
  if (text) print(readable(text))
  if (response.ok) return
  const reason = session.manager.explain(response)
  throw new Failure(
    reason ? ExitCode.signedOut : ExitCode.refused,
    `${method.toUpperCase()} ${url.pathname} was answered ${response.status}.`,
    { cause: reason },
  )
}

/** `path` below the server's URL; a full URL only on the server itself, where the token may go. */
function resolve(base: string, path: string): URL {
  const url = /^[a-z][a-z0-9+.-]*:/i.test(path)
    ? new URL(path)
    : new URL(`${base}/${path.replace(/^\/+/, '')}`)
  if (url.origin === new URL(base).origin) return url
  throw new Failure(
    ExitCode.usage,
    `${url.origin} is not ${base}: this session's token does not go there.`,
  )
}

async function readInput(input: string): Promise<Buffer<ArrayBuffer>> {
  try {
    return await buffer(input === '-' ? stdin : createReadStream(input))
  } catch (error) {
    throw new Failure(ExitCode.usage, `The body cannot be read from ${input}.`, { cause: error })
  }
}

function readHeaders(lines: readonly string[]): Headers {
  const headers = new Headers()
  for (const line of lines) {
    const [name = '', ...value] = line.split(':')
    try {
      headers.append(name.trim(), value.join(':').trim())
    } catch {
      throw new Failure(ExitCode.usage, 'A header is written "name: value".')
    }
  }
  return headers
}

/** JSON on a terminal is indented; a pipe gets what the server sent. */
function readable(text: string): string {
  if (!stdout.isTTY) return text
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
