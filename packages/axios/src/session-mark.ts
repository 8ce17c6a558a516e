import type { Authorizer } from '@latchkey/core/adapter'
import type { AxiosHeaders, InternalAxiosRequestConfig } from 'axios'

/**
 * Stands in the token's header for caches among the interceptors, which look there for whose answer it is (`Vary`). The
 * token is set below them, so they would give one user's answer to the next. It is not a secret, and never sent.
 */
const MARK = 'latchkey-session '

type Visit = (interceptor: object) => void
interface Interceptors {
  forEach?: (visit: Visit) => void
}

/**
 * Marks the requests of an instance that has other request interceptors, before any of these runs, whenever they were
 * added. Returns how to stop.
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
    // The first and the last: one of them runs before all others, in whichever order axios runs them.
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
