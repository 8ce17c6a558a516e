import { redact } from '@latchkey/core/service'

/**
 * What a server's answer says, whoever wrote it. R's plumber puts every scalar into an array of one, so
 * `["<jwt>"]`, `{"jwt":["<jwt>"]}` and `{"code":[401]}` read as if they were not boxed.
 */

/** JSON where it is JSON, else the text itself. */
export function parseBody(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** The one element of an array of one, however deep. */
export function unboxed(value: unknown): unknown {
  let inner = value
  while (Array.isArray(inner) && inner.length === 1) [inner] = inner
  return inner
}

/**
 * What is at `path`, a field's name or several with dots between: `data.token`, `errors.0.code`. Only own
 * properties count.
 */
export function fieldOf(body: unknown, path: string): unknown {
  let value = body
  for (const key of path.split('.')) {
    if (!/^\d+$/.test(key)) value = unboxed(value)
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  return unboxed(value)
}

/** The text at `path`; empty when there is none. */
export function textAt(body: unknown, path: string): string {
  const value = fieldOf(body, path)
  return typeof value === 'string' ? value : ''
}

/** Where servers say what went wrong, the most telling first. */
const MESSAGES = [
  'message',
  'msg',
  'detail',
  'error_description',
  'error.message',
  'errors.0.message',
  'error',
]

/**
 * What a server says went wrong; empty when it does not.
 *
 * @param secrets What was sent, and may not show up should the server repeat it.
 */
export function messageOf(body: unknown, secrets: readonly string[]): string {
  const said = MESSAGES.map((path) => textAt(body, path)).find((text) => text !== '') ?? ''
  return redact(said, secrets).slice(0, 300)
}

/** All text and numbers in `value`, however deep: which of it is the password, only the server knows. */
export function leavesOf(value: unknown): string[] {
  if (typeof value === 'string' || typeof value === 'number')
    return value === '' ? [] : [`${value}`]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leavesOf) : []
}
