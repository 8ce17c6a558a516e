import { StoreError } from '../store-error.ts'

/** How what we encrypt begins: it tells an encrypted session from a plain token, and which format follows. */
const MARK = 'latchkey-encrypted'

/** The version that we write. */
const FORMAT = 1

/** What AES-GCM wants (NIST SP 800-38D, section 8.2.2): 96 random bits, never the same twice for a key. */
const NONCE_BYTES = 12

type Keys = readonly [...(() => Promise<CryptoKey>)[]]

/** `text`, encrypted by the first key: `latchkey-encrypted.1.<nonce and ciphertext, base64url>`. */
export async function seal(text: string, name: string, [newest]: Keys): Promise<string> {
  const key = await (newest as () => Promise<CryptoKey>)()
  const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES))
  const bytes = await crypto.subtle.encrypt(parameters(iv, name), key, encode(text))
  const sealed = new Uint8Array(NONCE_BYTES + bytes.byteLength)
  sealed.set(iv)
  sealed.set(new Uint8Array(bytes), NONCE_BYTES)
  return `${MARK}.${FORMAT}.${toBase64Url(sealed)}`
}

/**
 * The text that `sealed` holds, by the first key that fits.
 *
 * @throws {StoreError} `ERR_STORE_GARBAGE` for what is not encrypted, `ERR_STORE_NEWER` for a later format,
 *   `ERR_STORE_WRONG_KEY` where no key fits: AES-GCM cannot tell a wrong key from an altered text.
 */
export async function open(sealed: string, name: string, keys: Keys): Promise<string> {
  const bytes = partsOf(sealed)
  const [iv, ciphertext] = [bytes.subarray(0, NONCE_BYTES), bytes.subarray(NONCE_BYTES)]
  for (const key of keys) {
    const opened = await key()
    const text = await crypto.subtle
      .decrypt(parameters(iv, name), opened, ciphertext)
      .catch(() => undefined) // says nothing but that it failed
    if (text) return new TextDecoder().decode(text)
  }
  throw new StoreError(
    'ERR_STORE_WRONG_KEY',
    'None of the keys decrypts the stored session: it was encrypted with another key, or it was altered or moved from another name. It was not changed. Pass both keys: encrypted(store, [newKey, oldKey]).',
  )
}

function partsOf(sealed: string): Uint8Array<ArrayBuffer> {
  const [, format, text] = /^latchkey-encrypted\.(\d{1,9})\.([\w-]+)$/.exec(sealed) ?? []
  if (format === undefined || text === undefined) {
    throw new StoreError(
      'ERR_STORE_GARBAGE',
      'The stored session is not encrypted, so it is not used. It was not changed; sign in again to replace it.',
    )
  }
  if (Number(format) === FORMAT) return fromBase64Url(text)
  throw new StoreError(
    'ERR_STORE_NEWER',
    `The stored session is encrypted in format ${format}, and this release reads format ${FORMAT}: update Latchkey. It was left as it is.`,
  )
}

/** The name is authenticated too, so that no entry can stand in for another. JSON, since halves of a surrogate pair have no UTF-8. */
const parameters = (iv: Uint8Array<ArrayBuffer>, name: string) => ({
  name: 'AES-GCM',
  iv,
  additionalData: encode(`${MARK}.${FORMAT}.${JSON.stringify(name)}`),
})

const encode = (text: string) => new TextEncoder().encode(text)

function toBase64Url(bytes: Uint8Array): string {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** A text that was cut may end with a single digit, which stands for no byte: `atob` would throw. */
function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const digits = text.length % 4 === 1 ? text.slice(0, -1) : text
  const binary = atob(digits.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}
