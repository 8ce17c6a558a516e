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

/** What is secret by its name, whatever it is worth. */
const SECRET = /pass|pwd|secret|(^|[_-])(pin|key|code)$|otp|token|credential|api_?key/i
/** What many sign-ins send that is no secret: its letters may well be part of other words. */
const HARMLESS =
  /^(e-?mail|user_?(name|id)?|login|identifier|account.*|name|locale|lang(uage)?|tenant.*|org.*|company|realm|role|device.*|client_?(id|name)?|platform|app.*|remember.*|grant_?type|scope|audience|connection|domain|country|time_?zone|query|operation_?name|strategy|mode|type|method)$/i
/** Shorter values of names that tell nothing are words like others. */
const SECRET_FROM = 6

/** What a name says of its value: that it is a secret, that it is none, or nothing. */
export function kindOf(name: string): 'secret' | 'harmless' | 'unknown' {
  if (SECRET.test(name)) return 'secret'
  return HARMLESS.test(name) ? 'harmless' : 'unknown'
}

/** Whether what is called so is taken for a secret. */
function isSecret(name: string, value: string): boolean {
  const kind = kindOf(name)
  return kind === 'secret' || (kind === 'unknown' && value.length >= SECRET_FROM)
}

/** The secrets among what is sent, however deep. */
export function secretsIn(value: unknown, name = ''): string[] {
  if (typeof value === 'string' || typeof value === 'number')
    return value !== '' && isSecret(name, `${value}`) ? [`${value}`] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    secretsIn(inner, Array.isArray(value) ? name : key),
  )
}

/** `given` with `more` set into it, level by level. */
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

/** An object that has `value` at `path`, as fieldOf() reads it. */
export function nested(path: string, value: unknown): Record<string, unknown> {
  const [last = '', ...outer] = path.split('.').toReversed()
  return outer.reduce<Record<string, unknown>>((inner, key) => ({ [key]: inner }), {
    [last]: value,
  })
}
