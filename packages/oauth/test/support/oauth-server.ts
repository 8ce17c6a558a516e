import type { TokenManager } from '@latchkey/core'
import { authorizedFetch } from '@latchkey/core/adapter'
import { Hono } from 'hono'
import { fakeClock } from '../../../core/test/support/harness.ts'
import { type OAuthOptions, oauth } from '../../src/index.ts'

export const ISSUER = 'https://login.test'
export const API = 'https://api.test'

/** Every secret of the tests holds this word, so that one search finds them all. */
export const CANARY = 'CANARY-7f3a'
export const CLIENT = { clientId: 'reports', clientSecret: `${CANARY}-client secret/+` }
export const ada = { username: 'ada', password: `${CANARY}-ada` }

/** A request to the token or revocation endpoint, as it arrived. */
interface Asked {
  path: string
  form: URLSearchParams
  headers: Headers
}

type Fault = () => Response | Promise<Response>

const HOUR = 3_600

/**
 * An OAuth 2.0 server and the API behind it, in the process: refresh tokens rotate unless told
 * otherwise, and faults are queued per path.
 */
export function startServer({ rotates = true, lifeInSeconds = HOUR } = {}) {
  const clock = fakeClock()
  const asked: Asked[] = []
  const faults = new Map<string, Fault[]>()
  const live = { access: new Set<string>(), refresh: new Set<string>() }
  let issued = 0

  function issue(withRefresh: boolean) {
    issued += 1
    const access = `${CANARY}-a${issued}`
    live.access.add(access)
    const answer = { access_token: access, token_type: 'Bearer', expires_in: lifeInSeconds }
    if (!withRefresh) return answer
    live.refresh.add(`${CANARY}-r${issued}`)
    return { ...answer, refresh_token: `${CANARY}-r${issued}` }
  }

  function token(form: URLSearchParams): Response {
    const refresh = form.get('refresh_token') ?? ''
    switch (form.get('grant_type') ?? '') {
      case 'client_credentials':
        return Response.json(issue(false))
      case 'password':
        return form.get('password') === ada.password ? Response.json(issue(true)) : no()
      case 'refresh_token':
        if (!live.refresh.has(refresh)) return no()
        if (rotates) live.refresh.delete(refresh)
        return Response.json(issue(rotates))
      default:
        return no('unsupported_grant_type')
    }
  }

  const app = new Hono()
    .get('/.well-known/openid-configuration', () =>
      Response.json({
        issuer: ISSUER,
        token_endpoint: `${ISSUER}/token`,
        revocation_endpoint: `${ISSUER}/revoke`,
      }),
    )
    .post('/token', async ({ req }) => token(new URLSearchParams(await req.text())))
    .post('/revoke', async ({ req }) => {
      const given = new URLSearchParams(await req.text()).get('token') ?? ''
      live.access.delete(given)
      live.refresh.delete(given)
      return new Response()
    })
    .all('/items', ({ req }) =>
      live.access.has(req.header('authorization')?.replace('Bearer ', '') ?? '')
        ? Response.json({ ok: true })
        : challenge(401, 'Bearer error="invalid_token"'),
    )
  const send: typeof fetch = async (input, init) => {
    const request = new Request(input, init)
    const path = new URL(request.url).pathname
    if (request.method === 'POST') {
      const form = new URLSearchParams(await request.clone().text())
      asked.push({ path, form, headers: request.headers })
    }
    const fault = faults.get(path)?.shift()
    return fault ? fault() : app.fetch(request)
  }

  return {
    clock,
    asked,
    live,
    fetch: send,
    /** The grants that were asked for, in order. */
    grants: () => asked.map(({ form }) => form.get('grant_type')).filter((type) => type !== null),
    /** The next request to `path` meets this instead of an answer. */
    failNext(path: string, ...more: Fault[]) {
      faults.set(path, [...(faults.get(path) ?? []), ...more])
    },
    expire: () => clock.pass((lifeInSeconds + 1) * 1000),
    open: (more: Partial<OAuthOptions> = {}) =>
      oauth({ origin: API, issuer: ISSUER, clientId: 'reports', fetch: send, clock, ...more }),
    read: (manager: TokenManager) => authorizedFetch(manager, send)(`${API}/items`),
  }
}

/** An error of RFC 6749 section 5.2. */
export const no = (error = 'invalid_grant', status = 400, more: object = {}) =>
  Response.json({ error, ...more }, { status })

export const challenge = (status: number, value: string) =>
  new Response(null, { status, headers: { 'www-authenticate': value } })

/** A connection that breaks. */
export const broken: Fault = () => Promise.reject(new TypeError('fetch failed'))
