/**
 * Reads a server's answer, whatever its framework. R's plumber puts every scalar into an array of one, so
 * `["<jwt>"]`, `{"jwt":["<jwt>"]}` and `{"code":[401]}` are read as if they were not boxed.
 */

/** Returns the parsed JSON, or the text itself if it is not JSON. */
export function parseBody(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Returns the element of an array of one, at any depth of nesting. */
export function unboxed(value: unknown): unknown {
  let inner = value
  while (Array.isArray(inner) && inner.length === 1) [inner] = inner
  return inner
}

/**
 * Returns the value at `path`: a field's name, or several with dots between (`data.token`,
 * `errors.0.code`). Only own properties count.
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

/** Returns the text at `path`; empty if there is none. */
export function textAt(body: unknown, path: string): string {
  const value = fieldOf(body, path)
  return typeof value === 'string' ? value : ''
}

/** Names of fields whose value is always a secret. */
const SECRET = /pass|pwd|secret|(^|[_-])(pin|key|code)$|otp|token|credential|api_?key/i
/** Names of fields that are not secret. Their values may well be parts of other words. */
const HARMLESS =
  /^(e-?mail|user_?(name|id)?|login|identifier|account.*|name|locale|lang(uage)?|tenant.*|org.*|company|realm|role|device.*|client_?(id|name)?|platform|app.*|remember.*|scope|audience|connection|domain|country|time_?zone|query|operation_?name|strategy|mode|\w*type|method|provider|region|workspace|database|sub_?domain|site|source|kind)$/i
/** From this length on, the value of an unknown name counts as a secret. Shorter ones may be ordinary words. */
const SECRET_FROM = 6

/** Returns whether a field's name marks its value as a secret, as harmless, or leaves it unknown. */
export function kindOf(name: string): 'secret' | 'harmless' | 'unknown' {
  if (SECRET.test(name)) return 'secret'
  return HARMLESS.test(name) ? 'harmless' : 'unknown'
}

/** Returns whether the value of this field counts as a secret. */
function isSecret(name: string, value: string): boolean {
  const kind = kindOf(name)
  return kind === 'secret' || (kind === 'unknown' && value.length >= SECRET_FROM)
}

/** Returns the secrets among the fields to send, at any depth. */
export function secretsIn(value: unknown, name = ''): string[] {
  if (typeof value === 'string' || typeof value === 'number')
    return value !== '' && isSecret(name, `${value}`) ? [`${value}`] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    secretsIn(inner, Array.isArray(value) ? name : key),
  )
}

/** Returns `given` with `more` merged into it, level by level. */
export function merged(
  given: Readonly<Record<string, unknown>>,
  more: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const result = { ...given }
  for (const [key, value] of Object.entries(more)) {
    const before = Object.hasOwn(result, key) ? result[key] : undefined
    result[key] = isObject(before) && isObject(value) ? merged(before, value) : value
  }
  return result
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Returns an object with `value` at `path`, as fieldOf() reads it. */
export function nested(path: string, value: unknown): Record<string, unknown> {
  const [last = '', ...outer] = path.split('.').toReversed()
  return outer.reduce<Record<string, unknown>>((inner, key) => ({ [key]: inner }), {
    [last]: value,
  })
}
