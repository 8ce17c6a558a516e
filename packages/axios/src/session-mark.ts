import type { Authorizer } from '@latchkey/core/adapter'
import type { AxiosHeaders, InternalAxiosRequestConfig } from 'axios'

/**
 * The value of the token's header that caching interceptors see, so that they keep users apart (`Vary`). The token
 * itself is set after them, so without this mark they would return one user's answer to another. It is not a
 * secret and never sent.
 */
const MARK = 'latchkey-session '

type Visit = (interceptor: object) => void
interface Interceptors {
  forEach?: (visit: Visit) => void
}

/**
 * Marks the requests of an instance with other request interceptors. The mark is set before any of them runs, even
 * if they were added later. Returns a function that stops this.
 */
export function markSessions(interceptors: object, manager: Authorizer): () => void {
  const requests = interceptors as Interceptors
  const each = requests.forEach
  if (!each || !manager.whose) return () => undefined
  const id = Math.random().toString(36).slice(2)
  const fulfilled = (config: InternalAxiosRequestConfig) => {
    const whose = manager.whose?.()
    if (whose) mark(config.headers, whose.header, `${id}.${whose.epoch}`)
    return config
  }
  const own = { fulfilled, rejected: null, synchronous: true, runWhen: null }
  const marking = function (this: unknown, visit: Visit): void {
    const others: object[] = []
    each.call(requests, (one) => void others.push(one))
    // Put it first and last: one of them runs before all others, in whichever order axios runs them.
    for (const one of others.length > 1 ? [own, ...others, own] : others) visit(one)
  }
  requests.forEach = marking
  return () => {
    if (requests.forEach === marking) requests.forEach = each
  }
}

function mark(headers: AxiosHeaders, header: string, session: string): void {
  const value = headers.get(header)
  if (value === undefined || value === null) headers.set(header, MARK + session)
  else if (isMark(value) && !value.includes(session)) headers.set(header, `${value} ${session}`)
}

export const isMark = (value: unknown): value is string =>
  typeof value === 'string' && value.startsWith(MARK)
