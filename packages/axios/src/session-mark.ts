import type { Authorizer } from '@latchkey/core/adapter'
import type { InternalAxiosRequestConfig } from 'axios'

/**
 * The value of the token's header that caching interceptors see, so that they keep users apart (`Vary`). The token
 * itself is set after them, so without this mark they would return one user's answer to another. It is not a
 * secret and never sent.
 */
const MARK = 'latchkey-session '

type Visit = (interceptor: object) => void
interface Interceptors {
  forEach?: ((visit: Visit) => void) | undefined
}
type Own = (config: InternalAxiosRequestConfig) => InternalAxiosRequestConfig

/**
 * Marks the requests of an instance with other request interceptors, and runs `own`, before any of them and after
 * all, even if they were added later: they see the mark, and cannot remove what `own` sets. Returns a function that
 * stops this.
 */
export function surround(interceptors: object, manager: Authorizer, own: Own): () => void {
  const requests = interceptors as Interceptors
  const each = requests.forEach
  const id = Math.random().toString(36).slice(2)
  const fulfilled: Own = (config) => {
    const whose = manager.whose?.()
    if (whose && config.headers) mark(config.headers, whose.header, `${id}.${whose.epoch}`)
    return own(config)
  }
  const handler = { fulfilled, synchronous: true }
  let isOn = true
  requests.forEach = function (visit) {
    const others: object[] = []
    each?.call(requests, (one) => void others.push(one))
    for (const one of isOn && others.length > 1 ? [handler, ...others, handler] : others) visit(one)
  }
  const ours = requests.forEach
  return () => {
    isOn = false
    if (requests.forEach === ours) requests.forEach = each
  }
}

/** The headers may be any object, also a frozen one: interceptors replace them. */
function mark(headers: object, header: string, session: string): void {
  const name = keyOf(headers, header) ?? header
  const value: unknown = Reflect.get(headers, name) ?? MARK
  if (isMark(value) && !value.includes(session)) Reflect.set(headers, name, `${value}${session} `)
}

/** Returns the key of header `name`, given in lower case. axios keeps names as the caller wrote them. */
export function keyOf(headers: object, name: string): string | undefined {
  return Object.keys(headers).find(
    (key) => key.length === name.length && key.toLowerCase() === name,
  )
}

export const isMark = (value: unknown): value is string =>
  typeof value === 'string' && value.startsWith(MARK)
