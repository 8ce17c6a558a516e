import type { Cookies } from 'cookie'
import { StoreError } from '../store-error.ts'

/** The most cookies that one session may use. Node refuses a request whose headers, all cookies included, exceed 16 KiB. */
export const MOST_PIECES = 3

/** Each piece begins with a random text. All pieces of one write have the same, so that pieces of two sessions are never joined. */
const ID_LENGTH = 8

/** Returns the names of the cookies that hold the session: `cookie` itself, or its pieces `.0`, `.1`, `.2`. */
export function cookiesOf(cookie: string, cookies: Cookies): string[] {
  const possible = [
    cookie,
    ...Array.from({ length: MOST_PIECES }, (_, at) => pieceName(cookie, at)),
  ]
  return possible.filter((name) => cookies[name] !== undefined)
}

const pieceName = (cookie: string, at: number) => `${cookie}.${at}`

/** Returns the name of the session's cookie. Accepts that name or the name of a piece. */
export const wholeName = (cookie: string): string => cookie.replace(/\.\d+$/, '')

/**
 * Returns the text of a session, joined from its pieces, or undefined without a session.
 *
 * @throws {StoreError} `ERR_STORE_GARBAGE` if a piece is missing or belongs to another session.
 */
export function joinPieces(cookie: string, cookies: Cookies): string | undefined {
  const whole = cookies[cookie]
  if (whole !== undefined) return whole
  const first = cookies[pieceName(cookie, 0)]
  if (first === undefined) return undefined
  const id = first.slice(0, ID_LENGTH)
  const count = Number(first[ID_LENGTH])
  const pieces = [first.slice(ID_LENGTH + 1)]
  for (let at = 1; at < count && at < MOST_PIECES; at += 1) {
    const piece = cookies[pieceName(cookie, at)]
    if (piece?.startsWith(id)) pieces.push(piece.slice(ID_LENGTH))
  }
  if (pieces.length === count) return pieces.join('')
  throw new StoreError(
    'ERR_STORE_GARBAGE',
    'A part of the session is missing: the browser has dropped one of its cookies. The others were left as they are; sign in again to replace them.',
  )
}

/** Cuts `text` into cookie values. Each value takes at most `room` bytes in a header. */
export function cutPieces(cookie: string, text: string, room: number): Map<string, string> {
  const parts: string[] = []
  let part = ''
  let left = 0
  for (const character of text) {
    const size = encodeURIComponent(character).length
    if (left < size) {
      parts.push(part)
      part = ''
      left = room - ID_LENGTH - 1
    }
    part += character
    left -= size
  }
  const values = [...parts.slice(1), part]
  // Not randomUUID(), which a page on plain http does not have.
  const bytes = crypto.getRandomValues(new Uint8Array(ID_LENGTH / 2))
  const id = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return new Map(
    values.map((value, at) => [
      pieceName(cookie, at),
      id + (at === 0 ? values.length : '') + value,
    ]),
  )
}
