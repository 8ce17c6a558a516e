import type { TokenManager } from '@latchkey/core'
import { authorizedFetch } from '@latchkey/core/adapter'
import { Hono } from 'hono'
import { fakeClock } from '../../../core/test/support/harness.ts'
import { ada, CANARY } from './oauth-server.ts'

export { ada, CANARY }
export const CLIENT_ID = '08ec69f6-d37e-414d-83eb-324e94afddf0'
export const CLIENT_SECRET = `${CANARY}-integration`
const MARKETPLACE = 'https://flex-api.sharetribe.com'
export const INTEGRATION = 'https://flex-integ-api.sharetribe.com'

type Fault = () => Response | Promise<Response>
type Form = Record<string, string>

/** How long access tokens live, in seconds. */
const LIFE = 600

/**
 * Sharetribe's Authentication API and the two APIs behind it, in the process. Harsher than the real one
 * in this: a refresh token is good for one refresh.
 */
export function startSharetribe() {
  const clock = fakeClock()
  const log: { path: string; form: Form; authorization: string | null }[] = []
  const faults = new Map<string, Fault[]>()
  /** The scope of each live access token, and the user or client of each live refresh token. */
  const access = new Map<string, string>()
  const refresh = new Map<string, string>()
  let issued = 0

  function issue(scope: string): Response {
    issued += 1
    const token = `${CANARY}-access-${issued}`
    access.set(token, scope)
    const answer = { access_token: token, scope, token_type: 'bearer', expires_in: LIFE }
    if (scope === 'public-read') return Response.json(answer)
    refresh.set(`${CANARY}-refresh-${issued}`, scope)
    return Response.json({ ...answer, refresh_token: `${CANARY}-refresh-${issued}` })
  }

  function grant(form: Form): Response {
    const { grant_type: type, scope, client_secret: secret, refresh_token: presented = '' } = form
    const isIntegration = secret === CLIENT_SECRET && scope === 'integ'
    const isAnonymous = secret === undefined && scope === 'public-read'
    const isUser = form['username'] === ada.username && form['password'] === ada.password
    if (form['client_id'] !== CLIENT_ID) return unauthorized()
    if (type === 'client_credentials' && (isIntegration || isAnonymous)) return issue(scope ?? '')
    if (type === 'password' && scope === 'user' && isUser) return issue(scope)
    const owner = refresh.get(presented)
    if (type !== 'refresh_token' || !owner || secret || scope) return unauthorized()
    refresh.delete(presented)
    return issue(owner)
  }

  const bearerOf = (request: Request) =>
    (request.headers.get('authorization') ?? '').replace(/^Bearer /, '')

  const app = new Hono()
    .post('/v1/auth/token', async ({ req }) => grant(await formOf(req.raw)))
    .post('/v1/auth/revoke', async ({ req }) => {
      if (!access.has(bearerOf(req.raw))) return unauthorized()
      const { token: revoked = '' } = await formOf(req.raw)
      return Response.json({ action: refresh.delete(revoked) ? 'revoked' : 'nothing' })
    })
    .all('/v1/*', ({ req }) => {
      const scope = access.get(bearerOf(req.raw))
      if (scope) return Response.json({ data: { scope } })
      const error = { status: 401, code: 'auth-invalid-access-token', title: 'Unauthorized' }
      return Response.json({ errors: [error] }, { status: 401 })
    })

  const send: typeof fetch = async (input, init) => {
    const request = new Request(input, init)
    const path = new URL(request.url).pathname
    const authorization = request.headers.get('authorization')
    log.push({ path, form: await formOf(request.clone()), authorization })
    const fault = faults.get(path)?.shift()
    return fault ? fault() : app.fetch(request)
  }

  return {
    clock,
    log,
    refresh,
    fetch: send,
    /** The grants that were asked for, in order. */
    grants: () => log.flatMap(({ form }) => form['grant_type'] ?? []),
    /** What was sent to `path`, in order. */
    sent: (path: string) => log.filter((one) => one.path === path),
    /** The next requests to `path` meet these instead of an answer. */
    failNext(path: string, ...more: Fault[]) {
      faults.set(path, [...(faults.get(path) ?? []), ...more])
    },
    /** Every access token issued so far is refused; the clock does not show it. */
    expireAccess: () => access.clear(),
    /** As whom a request of this manager arrives: the scope of its token, or the refusal's status. */
    async scopeOf(manager: TokenManager, api = MARKETPLACE): Promise<unknown> {
      const response = await authorizedFetch(manager, send)(`${api}/v1/api/listings/query`)
      if (!response.ok) return response.status
      return ((await response.json()) as { data: { scope: string } }).data.scope
    },
  }
}

async function formOf(request: Request): Promise<Form> {
  return Object.fromEntries(new URLSearchParams(await request.text()))
}

export const unauthorized = () => new Response('Unauthorized', { status: 401 })
export const broken: Fault = () => Promise.reject(new TypeError('fetch failed'))
export const failing: Fault = () => new Response('', { status: 500 })
