import { LatchkeyError, type MaybePromise } from '@latchkey/core'
import { invalidOption } from '@latchkey/core/service'

/** The protocol's version. It decides the content of the digest and its MAC. 4.0 is a preview. */
export type PowerAuthVersion = '3.0' | '3.1' | '3.2' | '3.3' | '4.0'

type Bytes = Uint8Array<ArrayBuffer>

/** A message authentication code of 32 bytes. */
export type TokenMac = (key: Bytes, message: Bytes) => MaybePromise<Uint8Array>

/** The version and the MAC for digests. */
export interface Signing {
  version: PowerAuthVersion
  mac: TokenMac
}

/** A token as the server created it. */
export interface PowerAuthToken {
  /** A UUID, sent unencrypted in every header. */
  tokenId: string
  /** Standard padded Base64 of 16 bytes, or 32 with version 4.0. Never sent in a header. */
  tokenSecret: string
}

/** A header for one attempt of one request. */
export interface PowerAuthHeader {
  /** Its name, `X-PowerAuth-Token`. */
  key: string
  /** Its value. The server accepts it once. */
  value: string
}

const AMPERSAND = '&'
const NONCE_BYTES = 16
const NO_SUBTLE =
  'WebCrypto makes digests in secure contexts only. Serve this page over https, or set `mac`.'

/** HMAC-SHA256 by WebCrypto: the MAC of 3.0 to 3.3. */
export async function hmacSha256(key: Bytes, message: Bytes): Promise<Uint8Array> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const { subtle } = globalThis.crypto as Partial<Crypto>
  if (!subtle) throw invalidOption(NO_SUBTLE)
  const imported = await subtle.importKey('raw', key, algorithm, false, ['sign'])
  return new Uint8Array(await subtle.sign(algorithm, imported, message))
}

/**
 * Makes `X-PowerAuth-Token` for one attempt of one request. The server accepts each nonce once, so another attempt
 * needs another header.
 *
 * @param now The server's time, in epoch milliseconds.
 */
export async function signToken(
  token: PowerAuthToken,
  signing: Signing,
  now: number,
): Promise<PowerAuthHeader> {
  const nonce = globalThis.crypto.getRandomValues(new Uint8Array(NONCE_BYTES))
  const timestamp = String(Math.trunc(now))
  const digest = await tokenDigest(token.tokenSecret, { ...signing, nonce, timestamp })
  const fields = {
    version: signing.version,
    token_id: token.tokenId,
    token_digest: toBase64(digest),
    nonce: toBase64(nonce),
    timestamp,
  }
  const pairs = Object.entries(fields).map(([key, value]) => `${key}="${value}"`)
  return { key: 'X-PowerAuth-Token', value: `PowerAuth ${pairs.join(', ')}` }
}

/** The digest of 3.0 and 3.1 does not cover the version. The nonce is used as bytes, not as Base64. */
export function tokenDigest(
  tokenSecret: string,
  { version, mac, nonce, timestamp }: Signing & { nonce: Bytes; timestamp: string },
): MaybePromise<Uint8Array> {
  const named = version === '3.0' || version === '3.1' ? [] : [version]
  const text = new TextEncoder().encode(['', timestamp, ...named].join(AMPERSAND))
  const message = new Uint8Array(nonce.length + text.length)
  message.set(nonce)
  message.set(text, nonce.length)
  return mac(fromBase64(tokenSecret), message)
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const BASE64_OF_16 = /^[A-Za-z0-9+/]{21}[AQgw]==$/
const BASE64_OF_32 = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/

/**
 * Checks a token from a source that we do not trust.
 *
 * @throws {LatchkeyError} `code`, naming the reason and never the value.
 */
export function readToken(
  value: unknown,
  version: PowerAuthVersion,
  code = 'ERR_UNUSABLE_TOKEN',
): PowerAuthToken {
  const unusable = (problem: string) => new LatchkeyError(code, `${problem}.`)
  const own: Partial<Record<keyof PowerAuthToken, unknown>> = Object.assign(
    Object.create(null),
    value,
  )
  const { tokenId, tokenSecret } = own
  if (typeof tokenId !== 'string' || !UUID.test(tokenId)) throw unusable('`tokenId` is not a UUID')
  const [shape, bytes] = version === '4.0' ? [BASE64_OF_32, 32] : [BASE64_OF_16, 16]
  if (typeof tokenSecret !== 'string' || !shape.test(tokenSecret)) {
    throw unusable(`\`tokenSecret\` is not the padded Base64 of ${bytes} bytes (${version})`)
  }
  return { tokenId, tokenSecret }
}

const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes))

const fromBase64 = (text: string): Bytes =>
  Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
