/** Headers of one attempt: lower-case names and values. */
export type Sealed = Readonly<Record<string, string>>

/** RFC 9110 section 5.5, as clients have it. */
const SENDABLE = /^[\t\x20-\x7e\x80-\xff]*$/

/**
 * Lower-case names and values. A header for which the scheme has no value is not sent. What no header can carry is
 * refused here: a client would print it.
 */
export function toRecord(init: HeadersInit): Sealed {
  const isRecord = !Array.isArray(init) && !(Symbol.iterator in init)
  const entries: [string, unknown][] = isRecord ? Object.entries(init) : [...new Headers(init)]
  const given = entries.filter(([, value]) => value !== undefined && value !== null)
  if (!given.every(([name, value]) => TOKEN.test(name) && SENDABLE.test(String(value))))
    throw new TypeError('A header has a name or a value that cannot be sent.')
  return Object.fromEntries(given.map(([name, value]) => [name.toLowerCase(), String(value)]))
}

/** RFC 9110 section 5.1. */
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/
