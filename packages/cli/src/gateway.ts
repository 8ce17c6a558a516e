import { readFile } from 'node:fs/promises'
import { env } from 'node:process'
import type { TokenStore } from '@latchkey/core'
import { keepWithinOrigin } from '@latchkey/core/adapter'
import { ExitCode } from './exit-code.ts'
import { Failure, hide } from './failure.ts'
import { readHeaderLines } from './header-lines.ts'
import { headersName, type Profile } from './profile.ts'

/** Headers that a gateway in front of the server needs with every request, by name in lower case. */
export type GatewayHeaders = Readonly<Record<string, string>>

/** Headers that describe one message or connection, so they cannot be set for all requests. */
const NOT_OURS =
  /^(host|connection|content-(length|type|encoding)|transfer-encoding|te|trailer|upgrade|expect|keep-alive)$/

/**
 * Reads the headers in `LATCHKEY_HEADERS`, which has the same lines as the file of `--headers-file`.
 *
 * @throws {Failure} When a line is not a header.
 */
export const headersOfEnvironment = (): GatewayHeaders =>
  readHeaders(env['LATCHKEY_HEADERS'] ?? '', 'LATCHKEY_HEADERS')

/** Returns the headers of the environment and of the file. The file wins. */
export async function headersFor(options: { headersFile?: string }): Promise<GatewayHeaders> {
  const { headersFile } = options
  const found = headersOfEnvironment()
  if (headersFile === undefined) return found
  const text = await readFile(headersFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
    // The message leaves out the path: the user may have passed a header by mistake.
    const message = `The file of --headers-file cannot be read (${error.code}). Give the path of a file with lines "name: value".`
    throw new Failure(ExitCode.usage, message)
  })
  return { ...found, ...readHeaders(text, 'the file of --headers-file') }
}

/** Parses lines of headers. Empty lines and lines that begin with # are ignored. */
function readHeaders(text: string, from: string): GatewayHeaders {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '' && !/^\s*#/.test(line))
  const headers = Object.fromEntries(readHeaderLines(lines, from))
  const name = Object.keys(headers).find((one) => NOT_OURS.test(one))
  if (name !== undefined) {
    throw new Failure(
      ExitCode.usage,
      `"${name}" belongs to each request and cannot be set for all of them. See ${from}.`,
    )
  }
  hide(Object.values(headers))
  return headers
}

/** Saves the headers in the token store, because they are secrets too. */
export async function keepHeaders(
  { name }: Pick<Profile, 'name'>,
  headers: GatewayHeaders,
  store: TokenStore,
): Promise<void> {
  const text = Buffer.from(JSON.stringify(headers)).toString('base64url')
  await store.setToken({ accessToken: text }, headersName(name))
}

/** Returns the headers of a saved session and of the environment. The environment wins. */
export async function keptHeaders(profile: Profile, store: TokenStore): Promise<GatewayHeaders> {
  const now = headersOfEnvironment()
  if (!profile.headers) return now
  const kept = await store.getToken(headersName(profile.name))
  if (!kept) {
    throw new Failure(
      ExitCode.signedOut,
      `The headers for ${profile.url} are gone. Run: latchkey sign-in ${profile.url} --headers-file <file>`,
    )
  }
  const headers = JSON.parse(Buffer.from(kept.accessToken, 'base64url').toString())
  hide(Object.values(headers))
  return { ...headers, ...now }
}

/**
 * Returns a `fetch` that adds `headers` to requests to the origins of `addresses`. Other origins never get them, not
 * even after a redirect. The request's own headers win, but cookies are joined. Without headers: `undefined`.
 */
export function gatewayFetch(
  headers: GatewayHeaders,
  addresses: readonly (string | undefined)[],
): typeof fetch | undefined {
  const names = Object.keys(headers)
  if (names.length === 0) return undefined
  const urls = addresses.map((address) => address !== undefined && URL.parse(address))
  const origins = new Set(urls.map((url) => url && url.origin))
  const send = keepWithinOrigin(undefined, names)
  return (input, init) => {
    const { href, origin } = new URL(input instanceof Request ? input.url : input)
    if (!origins.has(origin)) return fetch(input, init)
    const given = new Headers(init?.headers ?? (input instanceof Request ? input.headers : {}))
    for (const [name, value] of Object.entries(headers)) {
      const own = given.get(name)
      if (own === null) given.set(name, value)
      else if (name === 'cookie') given.set(name, `${own}; ${value}`)
    }
    return send(input instanceof Request ? input : href, { ...init, headers: given })
  }
}

/** The URLs that the user has named for a session, not those that a server has named. */
export const addressesOf = (about: {
  url: string
  issuer?: string
  tokenEndpoint?: string
  deviceEndpoint?: string
}): (string | undefined)[] => [about.url, about.issuer, about.tokenEndpoint, about.deviceEndpoint]
