import { readFile } from 'node:fs/promises'
import { env } from 'node:process'
import type { TokenStore } from '@latchkey/core'
import { keepWithinOrigin } from '@latchkey/core/adapter'
import { ExitCode } from './exit-code.ts'
import { Failure, hide } from './failure.ts'
import { readHeaderLines } from './header-lines.ts'
import { headersName, type Profile } from './profile.ts'

/** What a gateway before a server wants with every request: by name, in lower case. */
export type GatewayHeaders = Readonly<Record<string, string>>

/** What describes a message or a connection is not a gateway's to ask for. */
const NOT_OURS =
  /^(host|connection|content-(length|type|encoding)|transfer-encoding|te|trailer|upgrade|expect|keep-alive)$/

/**
 * The headers that `LATCHKEY_HEADERS` tells, in lines as a file has them.
 *
 * @throws {Failure} When it holds something else.
 */
export const headersOfEnvironment = (): GatewayHeaders =>
  readHeaders(env['LATCHKEY_HEADERS'] ?? '', 'LATCHKEY_HEADERS')

/** The same, and those of a file, which win. */
export async function headersFor(options: { headersFile?: string }): Promise<GatewayHeaders> {
  const { headersFile } = options
  const found = headersOfEnvironment()
  if (headersFile === undefined) return found
  const text = await readFile(headersFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
    // Not repeated: it may be a header, given by mistake.
    const message = `The file of --headers-file cannot be read (${error.code}). Give the path of a file with lines "name: value".`
    throw new Failure(ExitCode.usage, message)
  })
  return { ...found, ...readHeaders(text, 'the file of --headers-file') }
}

/** Empty lines and those that begin with # say nothing. */
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

/** Keeps them where the tokens are: they let people in as well. */
export async function keepHeaders(
  { name }: Pick<Profile, 'name'>,
  headers: GatewayHeaders,
  store: TokenStore,
): Promise<void> {
  const text = Buffer.from(JSON.stringify(headers)).toString('base64url')
  await store.setToken({ accessToken: text }, headersName(name))
}

/** Those of a saved session, and those of the environment, which win. */
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
 * A `fetch` that sends `headers` to the origins of `addresses`, and to no other, wherever a redirect leads. What a
 * request has itself wins; cookies go together. `undefined` where there are none.
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

/** Where a session's own requests go: what somebody has named, not what a server names. */
export const addressesOf = (about: {
  url: string
  issuer?: string
  tokenEndpoint?: string
  deviceEndpoint?: string
}): (string | undefined)[] => [about.url, about.issuer, about.tokenEndpoint, about.deviceEndpoint]
