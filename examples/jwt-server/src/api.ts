import { Hono } from 'hono'
import { type AccessTokens, createAccessTokens } from './access-tokens.ts'
import { type Guarded, guard } from './guard.ts'
import { createSessions, type Session } from './sessions.ts'
import { createUsers, type NewUser } from './users.ts'

export interface ApiOptions {
  users: readonly NewUser[]
  /** Lifetime of an access token, in seconds; some minutes in production. */
  accessLifeS: number
  /** How long an unused session lasts, in milliseconds. Default: 30 days. */
  sessionLifeMs?: number
  now?: () => number
}

const MONTH_MS = 30 * 24 * 3_600_000

/** A REST API for notes: sign-in, refresh, sign-out, and the protected routes. */
export async function createApi(options: ApiOptions) {
  const { users: list, accessLifeS, sessionLifeMs = MONTH_MS, now = Date.now } = options
  const users = await createUsers(list)
  const tokens = await createAccessTokens(accessLifeS, now)
  const sessions = createSessions(sessionLifeMs, now)
  const counts = { signIns: 0, refreshes: 0, refusedRefreshes: 0, refused: 0 }
  const api = new Hono<Guarded>()

  api.use(async (context, next) => {
    await next()
    if (context.res.status === 401) counts.refused += 1
  })

  api.post('/auth/sign-in', async (context) => {
    const { username, password } = await fieldsOf(context.req.raw)
    const user = await users.check(username ?? '', password ?? '')
    if (!user) {
      // Do not say which of the two was wrong.
      return context.json({ error: 'invalid_credentials', message: 'Wrong name or password' }, 401)
    }
    counts.signIns += 1
    return answer(tokens, sessions.open(user.name, user.scopes))
  })

  api.post('/auth/refresh', async (context) => {
    const { refresh_token: refreshToken = '' } = await fieldsOf(context.req.raw)
    const rotated = sessions.rotate(refreshToken)
    if (!rotated) {
      counts.refusedRefreshes += 1
      return context.json({ error: 'invalid_grant', message: 'Sign in again' }, 400)
    }
    counts.refreshes += 1
    return answer(tokens, rotated)
  })

  api.post('/auth/sign-out', guard(tokens, sessions), (context) => {
    sessions.end(context.get('access').sessionId)
    return context.body(null, 204)
  })

  const notes = ['Buy milk']
  api.get('/notes', guard(tokens, sessions, 'notes:read'), (context) => context.json({ notes }))
  api.post('/notes', guard(tokens, sessions, 'notes:write'), async (context) => {
    const { text = '' } = await fieldsOf(context.req.raw)
    notes.push(text)
    return context.json({ notes }, 201)
  })
  api.delete('/notes', guard(tokens, sessions, 'notes:admin'), (context) => {
    notes.length = 0
    return context.body(null, 204)
  })

  return { fetch: (request: Request) => api.fetch(request), counts }
}

/** The text fields of a JSON body; empty if the body cannot be read. */
async function fieldsOf(request: Request): Promise<Record<string, string | undefined>> {
  const body: unknown = await request.json().catch(() => undefined)
  if (typeof body !== 'object' || body === null) return {}
  return Object.fromEntries(Object.entries(body).filter(([, value]) => typeof value === 'string'))
}

/** Answers with a token set, as in RFC 6749 section 5.1. Caches must not keep it. */
async function answer(
  tokens: AccessTokens,
  { session, refreshToken }: { session: Session; refreshToken: string },
): Promise<Response> {
  const body = {
    access_token: await tokens.issue(session),
    token_type: 'Bearer',
    expires_in: tokens.lifeS,
    refresh_token: refreshToken,
  }
  return Response.json(body, { headers: { 'cache-control': 'no-store' } })
}
