import type { IncomingHttpHeaders } from 'node:http'
import { createHold, type Hold } from './hold.ts'

/** Part of every token that a world issues: must not be seen in anything that is printed. */
export const CANARY = 'CANARY-7f3a'

/** One request as it reached a server. */
export interface Seen {
  at: 'api' | 'other'
  method: string
  path: string
  headers: IncomingHttpHeaders
  body: Buffer
}

/**
 * A test's own corner of two loopback origins: `api`, which knows the token, and `other`, which must
 * not. It renews at `POST /renew` and accepts only the token issued last.
 */
export interface World {
  readonly id: string
  /** Base URL, without a slash at the end. */
  readonly api: string
  readonly other: string
  readonly seen: Seen[]
  /** The token accepted now. At first nobody has it. */
  token: string
  renewals: number
  /** What the next renewals answer instead of a token. */
  renewalStatus: number | undefined
  /** Statuses that the next requests of a path are answered with, before the ordinary answer. */
  script(path: string, statuses: number[]): void
  /** Requests of `path` are judged on arrival and answered when released. */
  hold(path: string): Hold
  /** The requests of `path` so far, at any origin. */
  of(path: string): Seen[]
}

interface Reply {
  status: number
  headers?: Record<string, string>
  body?: string
}

export interface ServedWorld extends World {
  reply(request: Seen, query: URLSearchParams): Promise<Reply>
}

export function createWorld(id: string, apiOrigin: string, otherOrigin: string): ServedWorld {
  const scripts = new Map<string, number[]>()
  const holds = new Map<string, Hold>()
  const world: ServedWorld = {
    id,
    api: `${apiOrigin}/${id}`,
    other: `${otherOrigin}/${id}`,
    seen: [],
    token: `${CANARY}-never-issued`,
    renewals: 0,
    renewalStatus: undefined,
    script: (path, statuses) => void scripts.set(path, [...statuses]),
    hold(path) {
      const hold = createHold()
      holds.set(path, hold)
      return hold
    },
    of: (path) => world.seen.filter((request) => request.path === path),
    async reply(request, query) {
      world.seen.push(request)
      const scripted = scripts.get(request.path)?.shift()
      const judged =
        scripted === undefined ? judge(world, request, query) : { status: scripted, body: '{}' }
      await holds.get(request.path)?.pass()
      return judged
    },
  }
  return world
}

/** The bytes that `/large-denied` answers: more than anybody looks at. */
export const LARGE_BODY = 'Denied. '.repeat(5_000)

function judge(world: World, request: Seen, query: URLSearchParams): Reply {
  const { path, at } = request
  if (path === '/renew') return renew(world)
  if (path === '/redirect') {
    return { status: Number(query.get('status')), headers: { location: query.get('to') ?? '' } }
  }
  if (path === '/open' || at === 'other') return { status: 200, body: '{"open":true}' }
  if (path === '/forbidden') return { status: 403, body: '{"msg":"Forbidden"}' }
  if (path === '/large-denied')
    return { status: 401, body: LARGE_BODY, headers: { 'content-type': 'text/plain' } }
  if (path === '/denied' || !isSignedIn(world, request)) {
    return { status: 401, body: '{"msg":"Invalid token"}' }
  }
  return { status: 200, body: '{"ok":true}' }
}

function renew(world: World): Reply {
  if (world.renewalStatus !== undefined) return { status: world.renewalStatus, body: '{}' }
  world.renewals += 1
  world.token = `${CANARY}-${world.renewals}`
  return { status: 200, body: JSON.stringify({ accessToken: world.token }) }
}

function isSignedIn({ token }: World, { headers }: Seen): boolean {
  const given = [headers.authorization, headers['xc-auth'], headers['xc-token']]
  return given.includes(`Bearer ${token}`) || given.includes(token)
}
