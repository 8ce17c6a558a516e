const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
const nanoidLetters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-'

function randomBytes(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count))
}

/** @returns `bytes` random bytes as lower-case hex. */
export function randomHex(bytes: number): string {
  return Array.from(randomBytes(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** @returns a nanoid of the given length, as NocoDB's API tokens are. */
export function randomText(length: number): string {
  return Array.from(randomBytes(length), (byte) => nanoidLetters[byte & 63]).join('')
}

/** @returns an id of NocoDB's form: a prefix that tells the kind, then 14 or 15 small letters and digits. */
export function randomId(prefix: string, length = 14): string {
  return prefix + Array.from(randomBytes(length), (byte) => letters[byte % letters.length]).join('')
}
