import type { TokenManager, TokenSet, TokenStore } from '@latchkey/core'
import { authorizedFetch } from '@latchkey/core/adapter'
import { Hono } from 'hono'
import { type JwtSessionOptions, jwtSession } from '../../src/index.ts'

export const BASE_URL = 'https://api.test/v1'

/** Every secret of the tests holds this word, so that one search finds them all. */
export const CANARY = 'CANARY-7f3a'
export const ada = { username: 'ada', password: `${CANARY}-ada` }

const required = { baseUrl: BASE_URL, signIn: '/auth/login' }

/** What the server issues at once. */
export interface Issued {
  access: string
  refresh: string
}

/** A request as it arrived. */
export interface Arrived {
  path: string
  headers: Headers
  body: string
  init: RequestInit
}

/** A fault in place of an answer, for one path. */
type Fault = () => Response | Promise<Response>

/**
 * An API that issues opaque tokens, in the process. Refresh tokens are single-use. `answer` is how it
 * writes what it has issued.
 */
export function startApi(
  answer: (issued: Issued) => Response = ({ access }) => Response.json({ token: access }),
) {
  const valid = { access: new Set<string>(), refresh: new Set<string>() }
  const arrived: Arrived[] = []
  const faults = new Map<string, Fault[]>()
  let issued = 0

  function issue(): Response {
    issued += 1
    const access = `${CANARY}-access-${issued}`
    const refresh = `${CANARY}-refresh-${issued}`
    valid.access.add(access)
    valid.refresh.add(refresh)
    return answer({ access, refresh })
  }

  const isIn = (secrets: Set<string>, { headers, body }: Arrived) => {
    const said = [...headers].map(([, value]) => value).join(' ') + body
    return [...secrets].find((secret) => said.split(/[^\w-]+/).includes(secret))
  }
  const app = new Hono().basePath('/v1')
  const last = () => arrived.at(-1) as Arrived
  app.post('/auth/login', () => {
    const isAda = last().body.includes(ada.password)
    return isAda ? issue() : Response.json({ message: 'Wrong password.' }, { status: 401 })
  })
  app.post('/auth/refresh', () => {
    const refresh = isIn(valid.refresh, last())
    if (!refresh) return Response.json({ message: 'Reused.' }, { status: 401 })
    valid.refresh.delete(refresh)
    return issue()
  })
  app.post('/auth/logout', () => {
    const access = isIn(valid.access, last())
    if (!access) return new Response('', { status: 401 })
    valid.access.delete(access)
    return new Response(null, { status: 204 })
  })
  app.get('/data', () =>
    isIn(valid.access, last()) ? Response.json({ ok: true }) : new Response('', { status: 401 }),
  )

  const send: typeof fetch = async (input, init = {}) => {
    const request = new Request(input, init)
    const { pathname } = new URL(request.url)
    const path = pathname.replace('/v1', '')
    arrived.push({ path, headers: request.headers, body: await request.clone().text(), init })
    const fault = faults.get(path)?.shift()
    return fault ? fault() : app.fetch(request)
  }

  return {
    send,
    arrived,
    /** The next request to `path` gets this in place of an answer. */
    answerNext: (path: string, fault: Fault) =>
      void faults.set(path, [...(faults.get(path) ?? []), fault]),
    /** Every access token issued so far has expired. */
    expire: () => valid.access.clear(),
    /** Every session has ended. */
    revoke: () => (valid.access.clear(), valid.refresh.clear()),
    /** How often each path was asked for. */
    counts: () => {
      const paths = arrived.map(({ path }) => path)
      return Object.fromEntries(
        [...new Set(paths)].map((path) => [path, paths.filter((one) => one === path).length]),
      )
    },
    lastTo: (path: string) => arrived.findLast((request) => request.path === path) as Arrived,
    open: (more: Partial<JwtSessionOptions> = {}) =>
      jwtSession({ ...required, credentials: ada, fetch: send, ...more }),
    /** A session that does not know how to sign in by itself. */
    openBare: (more: Partial<JwtSessionOptions> = {}) =>
      jwtSession({ ...required, fetch: send, ...more }),
    read: async (manager: TokenManager, path = '/data', init?: RequestInit) =>
      (await authorizedFetch(manager, send)(BASE_URL + path, init)).status,
  }
}

export type Api = ReturnType<typeof startApi>

/** What `promise` is rejected with. */
export async function failure(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  return promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: Error) => error,
  )
}

/** What `store` holds, whatever it is called there. */
export async function keptIn(store: TokenStore): Promise<TokenSet | null | undefined> {
  const [name] = (await store.names?.()) ?? []
  return name === undefined ? undefined : store.getToken(name)
}
