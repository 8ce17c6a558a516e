import { isUtf8 } from 'node:buffer'
import { createReadStream } from 'node:fs'
import { stdin, stdout } from 'node:process'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { wrapFetch } from '@latchkey/fetch'
import { ExitCode } from '../exit-code.ts'
import { exitCodeOf, Failure } from '../failure.ts'
import { readHeaderLines } from '../header-lines.ts'
import { type Session, type SessionOptions, useSession } from '../session.ts'
import { harmlessJson, print, say } from '../terminal.ts'

export interface RequestOptions extends SessionOptions {
  /** A file, or `-` for stdin. */
  input?: string
  header?: string[]
  verbose?: boolean
}

/**
 * Sends one signed-in request and prints the body of the response. A pipe gets the bytes unchanged, as they arrive;
 * a terminal gets text, with JSON indented.
 */
export async function request(
  method: string,
  path: string,
  options: RequestOptions,
): Promise<void> {
  const session = await useSession(options)
  const url = resolve(session.url, path)
  const body = options.input === undefined ? undefined : await readInput(options.input)
  const headers = readHeaderLines(options.header ?? [], '--header')
  if (body !== undefined && !headers.has('content-type')) {
    headers.set('content-type', 'application/json')
  }
  const init = { method: method.toUpperCase(), headers, ...(body && { body }) }
  expectSendable(url, init)
  const response = await wrapFetch(session.manager, session.fetch ? { fetch: session.fetch } : {})(
    url,
    init,
  )
  if (options.verbose) await tellHeaders(response, session)
  await printBody(response)
  if (response.ok) return
  const reason = session.manager.explain(response)
  throw new Failure(
    reason ? exitCodeBecause(reason) : exitCodeFor(response.status),
    `The server answered ${response.status} to ${init.method} ${url.pathname}.`,
    { cause: reason },
  )
}

/** Resolves `path` below the server's URL. A full URL must be on the same origin, because the token goes there. */
function resolve(base: string, path: string): URL {
  const isFull = /^[a-z][a-z0-9+.-]*:\/\//i.test(path)
  const url = URL.parse(isFull ? path : `${base}/${path.replace(/^\/+/, '')}`)
  if (!url || url.username || url.password) {
    throw new Failure(
      ExitCode.usage,
      'Give a path, such as /items, or a URL without a user name and password.',
    )
  }
  if (url.origin === URL.parse(base)?.origin) return url
  throw new Failure(
    ExitCode.usage,
    `The session is for ${base}. Its token is not sent to ${url.origin}.`,
  )
}

async function readInput(input: string): Promise<Buffer<ArrayBuffer>> {
  try {
    return await buffer(input === '-' ? stdin : createReadStream(input))
  } catch (error) {
    // The message leaves out the path: the user may have passed the body itself by mistake.
    const { code } = error as NodeJS.ErrnoException
    throw new Failure(
      ExitCode.usage,
      `The body cannot be read (${code}). Give --input the path of a file, or - for stdin.`,
    )
  }
}

/** Reports a request that no client can send (GET with a body, a method with a space) as a usage error. */
function expectSendable(url: URL, init: RequestInit): void {
  try {
    void new Request(url, init)
  } catch (error) {
    throw new Failure(ExitCode.usage, 'This request cannot be sent.', { cause: error })
  }
}

/** Prints status and headers. Redacts cookies, which are credentials, and the token if the server repeats it. */
async function tellHeaders(response: Response, { manager }: Session): Promise<void> {
  const { accessToken } = await manager.getTokens()
  say(`${response.status} ${response.statusText}`.trim())
  for (const [name, value] of response.headers) {
    const shown = name === 'set-cookie' ? '[redacted]' : value.replaceAll(accessToken, '[redacted]')
    say(`${name}: ${shown}`)
  }
}

async function printBody({ body, headers }: Response): Promise<void> {
  if (!body) return
  const bytes = Readable.from(body)
  if (!stdout.isTTY) return pipeline(bytes, stdout, { end: false })
  const whole = await buffer(bytes)
  if (whole.length === 0) return
  if (isUtf8(whole) && !whole.includes(0)) return print(readable(whole.toString().trimEnd()))
  const type = headers.get('content-type') ?? 'an unknown type'
  say(`The answer is not text: ${whole.length} bytes of ${type}. Send them to a file.`)
}

/** Indents JSON, and leaves other text as it is. */
function readable(text: string): string {
  try {
    return harmlessJson(JSON.stringify(JSON.parse(text), null, 2))
  } catch {
    return text
  }
}

/** A renewal that is unavailable, or a store that failed, does not mean that the session is over. */
function exitCodeBecause(reason: Error): ExitCode {
  const code = exitCodeOf(reason)
  return code === ExitCode.store || code === ExitCode.unavailable ? code : ExitCode.signedOut
}

const exitCodeFor = (status: number) =>
  status === 429 || status >= 500 ? ExitCode.unavailable : ExitCode.refused
