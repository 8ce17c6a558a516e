import { randomUUID } from 'node:crypto'
import { Hono } from 'hono'

/** What the APIs of the documentation answer, and what they refused. */
export interface DocApi {
  fetch(request: Request): Response | Promise<Response>
  /** Requests that were answered with an error, as "401 GET /notes". */
  readonly refused: string[]
}

const isSignIn = /\/(login|sign-in|session)$/
const isRefresh = /\/(refresh|token)$/
const isSignOut = /\/(logout|sign-out)$/

/**
 * An API that signs anybody in, and an OAuth 2.0 server, both at whatever address they are asked. It is
 * strict in what the documentation is about: without a token that it has issued, nothing else is answered.
 */
export function createDocApi(): DocApi {
  const issued = new Set<string>()
  const refused: string[] = []
  const app = new Hono()

  app.use(async (c, next) => {
    await next()
    const { method, path } = c.req
    const isSearch = path.includes('/.well-known/') // a client tries several places
    if (c.res.status >= 400 && !isSearch) refused.push(`${c.res.status} ${method} ${path}`)
  })
  app.get('/realms/main/.well-known/openid-configuration', (c) => {
    const issuer = new URL('/realms/main', c.req.url).href
    return c.json(describe(issuer))
  })
  app.get('/.well-known/openid-configuration', (c) => c.json(describe(new URL(c.req.url).origin)))
  app.post('*', async (c, next) => {
    const { path } = c.req
    const asked = await fieldsOf(c.req.raw.clone())
    const isGrant = asked['grant_type'] !== undefined && asked['grant_type'] !== 'refresh_token'
    if (isSignIn.test(path) || (isRefresh.test(path) && isGrant)) return c.json(issue(issued))
    if (isRefresh.test(path)) {
      const known = Object.values(asked).find((value) => issued.delete(value))
      return known ? c.json(issue(issued)) : c.json({ error: 'invalid_grant' }, 400)
    }
    return isSignOut.test(path) ? c.body(null, 204) : next()
  })
  app.all('*', (c) => {
    const [scheme, token = ''] = (c.req.header('authorization') ?? '').split(' ')
    const isKnown = scheme === 'Bearer' && issued.has(token)
    const isSigned = c.req.header('x-powerauth-token')?.startsWith('PowerAuth ') === true
    if (isKnown || isSigned) return c.json({ items: [] })
    return c.json({ error: 'no token' }, 401, { 'www-authenticate': 'Bearer' })
  })
  return { fetch: (request) => app.fetch(request), refused }
}

/** In all the words that the documentation reads them by. */
function issue(issued: Set<string>) {
  const access = randomUUID()
  const refresh = randomUUID()
  issued.add(access).add(refresh)
  return {
    access_token: access,
    accessToken: access,
    token: access,
    refresh_token: refresh,
    refreshToken: refresh,
    token_type: 'bearer',
    expires_in: 3600,
  }
}

const describe = (issuer: string) => ({
  issuer,
  token_endpoint: `${issuer}/token`,
  authorization_endpoint: `${issuer}/authorize`,
  jwks_uri: `${issuer}/keys`,
  response_types_supported: ['code'],
})

/** Of a form or of JSON. */
async function fieldsOf(request: Request): Promise<Record<string, string>> {
  const text = await request.text()
  try {
    return JSON.parse(text) as Record<string, string>
  } catch {
    return Object.fromEntries(new URLSearchParams(text))
  }
}
