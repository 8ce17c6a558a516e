import { invalidOption } from './option-names.ts'

const MAX_LENGTH = 16_384

/**
 * Returns why `value` cannot be sent as a credential, without showing it. Returns `undefined` if it can be sent.
 *
 * Only visible ASCII and Latin-1 are allowed, because fetch prints an invalid header value in its error message,
 * and axios silently sends a different one.
 */
export function credentialProblem(value: unknown): string | undefined {
  if (typeof value !== 'string')
    return `is not a string but ${value === null ? 'null' : typeof value}`
  if (value === '') return 'is empty'
  if (value.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters`
  if (/^(undefined|null|NaN|\[object \w+\])$/.test(value)) return `is the word "${value}"`
  const at = value.search(/[^\x21-\x7e\xa1-\xff]/)
  if (at < 0) return undefined
  const kind = /\s/.test(value.charAt(at)) ? 'white space' : 'a character no header can carry'
  return `holds ${kind} (at position ${at} of ${value.length})`
}

/** Returns `value`, the credential in option `name`. @throws `ERR_INVALID_OPTION`, which never shows the value. */
export function asCredential(name: string, value: unknown): string {
  const problem = credentialProblem(value)
  if (problem) throw invalidOption(`\`${name}\` ${problem}.`)
  return value as string
}
