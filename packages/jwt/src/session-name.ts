import { kindOf } from './answer.ts'
import type { JwtSessionOptions, TokenApi } from './session-options.ts'

/** Shorter secrets could be guessed from a digest. */
const KEY_FROM = 16

/**
 * Returns a name for the session, made of the server and the user, in any order of fields and without secrets. Fields
 * with names of identities are used as they are, other fields as a digest. A secret is used only as a digest, only if
 * no other field identifies the user, and only if it is as long as a key.
 */
export function sessionName(
  { baseUrl, signIn }: TokenApi,
  { credentials }: JwtSessionOptions,
): string {
  const { fields, headers } = signIn
  const user = leaves(typeof credentials === 'function' ? {} : credentials)
  const about = [
    ...signIn.url.searchParams,
    ...leaves(fields),
    ...leaves(typeof headers === 'function' ? {} : headers),
    ...user,
  ]
  const tells = ([name]: Leaf) => kindOf(name) !== 'secret'
  const known = about.filter(tells).map(shown)
  const keys = user.some(tells) ? [] : user.filter(([, value]) => value.length >= KEY_FROM)
  const path = signIn.url.href.replace(baseUrl, '').replace(/\?.*/s, '')
  const all = [...known, ...keys.map(shown)].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `${baseUrl}#${new URLSearchParams([['signIn', path], ...all])}`
}

type Leaf = [name: string, value: string]

const shown = ([name, value]: Leaf): Leaf =>
  kindOf(name) === 'harmless' ? [name, value] : [name, digest(value)]

/** Returns the texts, numbers and booleans in `value`, by the names of their fields. */
function leaves(value: unknown, name = ''): Leaf[] {
  if (['string', 'number', 'boolean'].includes(typeof value)) return [[name, String(value)]]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, key))
}

/** Two FNV-1a hashes of 32 bits. Distinguishes values; does not protect them. */
function digest(text: string): string {
  const half = (seed: number) => {
    let hash = seed
    for (let at = 0; at < text.length; at += 1)
      hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
    return (hash >>> 0).toString(36)
  }
  return half(0x811c9dc5) + half(0x9747b28c)
}
