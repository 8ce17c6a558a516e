import { StoreError } from '../store-error.ts'

/** A passphrase, from which a key is derived: PBKDF2 with SHA-256 and 600,000 rounds, once for each store. */
export interface Passphrase {
  /** At least 12 characters. Only a random one is as good as a `CryptoKey`. */
  passphrase: string
  /**
   * At least 8 characters of your own, such as a random text. It is not secret, and is the same wherever the sessions are
   * read. Two installations with the same passphrase still have two keys, if their salts differ.
   */
  salt: string
}

/** An AES-GCM key of WebCrypto that may encrypt and decrypt (an old one only has to decrypt), or a passphrase. */
export type EncryptionKey = CryptoKey | Passphrase

/** OWASP's Password Storage Cheat Sheet for PBKDF2-HMAC-SHA256. Part of the format: another number is another key. */
const ROUNDS = 600_000

const SHORTEST_PASSPHRASE = 12
const SHORTEST_SALT = 8

/** @throws {StoreError} `ERR_INVALID_OPTION`, which repeats nothing of a key. */
export function checkKeys(given: EncryptionKey | readonly EncryptionKey[]): EncryptionKey[] {
  const keys = (Array.isArray(given) ? [...given] : [given]) as EncryptionKey[]
  if (keys.length === 0)
    throw invalid(
      'The list of keys is empty, so sessions cannot be encrypted. Pass at least one key.',
    )
  for (const [at, key] of keys.entries())
    checkKey(key, at === 0 ? ['encrypt', 'decrypt'] : ['decrypt'])
  return keys
}

function checkKey(key: EncryptionKey, usages: KeyUsage[]): void {
  if (typeof key !== 'object' || key === null) throw invalid(KINDS)
  if ('passphrase' in key) {
    const { passphrase, salt } = key
    if (isText(passphrase, SHORTEST_PASSPHRASE) && isText(salt, SHORTEST_SALT)) return
    throw invalid(
      `A passphrase has at least ${SHORTEST_PASSPHRASE} characters, and its \`salt\` at least ${SHORTEST_SALT}.`,
    )
  }
  if (key.algorithm?.name !== 'AES-GCM') throw invalid(KINDS)
  if (usages.every((usage) => key.usages.includes(usage))) return
  throw invalid(`The key may not ${usages.join(' and ')}: give it these usages when it is made.`)
}

const KINDS =
  'A key must be an AES-GCM CryptoKey or `{ passphrase, salt }`, or a list of them, the newest first.'

const isText = (value: unknown, least: number) => typeof value === 'string' && value.length >= least

/** The keys as functions: each is derived when it is first needed, and once. */
export function openKeys(keys: readonly EncryptionKey[]): (() => Promise<CryptoKey>)[] {
  return keys.map((key) => {
    let opened: Promise<CryptoKey> | undefined
    return () => (opened ??= 'passphrase' in key ? derive(key) : Promise.resolve(key))
  })
}

async function derive({ passphrase, salt }: Passphrase): Promise<CryptoKey> {
  const { subtle } = crypto
  const text = new TextEncoder()
  // The same letter can be written as two different texts: NFC makes them one, whatever keyboard they came from.
  const secret = text.encode(passphrase.normalize('NFC'))
  const base = await subtle.importKey('raw', secret, 'PBKDF2', false, ['deriveKey'])
  const algorithm = { name: 'PBKDF2', hash: 'SHA-256', salt: text.encode(salt), iterations: ROUNDS }
  const aes = { name: 'AES-GCM', length: 256 }
  return subtle.deriveKey(algorithm, base, aes, false, ['encrypt', 'decrypt'])
}

const invalid = (message: string) => new StoreError('ERR_INVALID_OPTION', message)
