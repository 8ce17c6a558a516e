import { type Context, Hono } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { cors } from 'hono/cors'
import { HTTPException } from 'hono/http-exception'
import { reused, spend } from '../double/spend.ts'
import type { JwtPlace } from './jwt-options.ts'
import {
  issueJwtTokens,
  type JwtTokens,
  type JwtUserSession,
  type JwtWorld,
  openSession,
  sessionOf,
  signedSession,
} from './jwt-world.ts'

/** Sign-in, renewal, sign-out, and the API behind them, as one fetch-style app. */
export function createJwtApp(world: JwtWorld): Hono {
  const app = new Hono()
  const { signIn: signInPath, refresh: refreshPath, signOut: signOutPath } = world.settings
  app.use(cors({ origin: (origin) => origin, credentials: true }))
  app.post(signInPath, (c) => signIn(world, c))
  if (refreshPath !== false) app.post(refreshPath, (c) => refresh(world, c))
  app.post(signOutPath, (c) => signOut(world, c))
  app.all('*', (c) => answerApi(world, c))
  app.onError((error, c) => {
    if (!(error instanceof HTTPException)) throw error
    world.refusals.set(c.req.raw, error.message)
    return c.json({ message: error.message }, error.status)
  })
  return app
}

const unauthorized = (message: string) => new HTTPException(401, { message })

async function signIn(world: JwtWorld, c: Context): Promise<Response> {
  const { usernameField, passwordField } = world.settings
  const fields = await fieldsOf(c)
  const username = fields[usernameField]
  const password = fields[passwordField]
  if (typeof username !== 'string' || typeof password !== 'string') {
    throw new HTTPException(400, { message: `${usernameField} and ${passwordField} are required` })
  }
  if (world.users.get(username) !== password) throw unauthorized('Invalid credentials')
  return answerTokens(world, c, await issueJwtTokens(world, openSession(world, username)))
}

async function refresh(world: JwtWorld, c: Context): Promise<Response> {
  const { refreshTokens, reuseGraceMs } = world.settings
  const presented = await presentedRefreshToken(world, c)
  if (!presented) throw unauthorized('no refresh token was sent')
  const token = world.refreshTokens.get(presented)
  if (!token || token.session.isOver) throw unauthorized('invalid refresh token')
  if (world.now() >= token.expiresAt) throw unauthorized('refresh token expired')
  const { session } = token
  if (refreshTokens === 'keep') {
    return answerTokens(world, c, await issueJwtTokens(world, session, presented))
  }
  if (!spend(token, world.now(), reuseGraceMs)) {
    session.isOver = true
    throw unauthorized(reused)
  }
  return answerTokens(world, c, await issueJwtTokens(world, session))
}

/** Either token tells which session ends; an access token that has expired does as well. */
async function signOut(world: JwtWorld, c: Context): Promise<Response> {
  const presented = await presentedRefreshToken(world, c)
  const session =
    world.refreshTokens.get(presented ?? '')?.session ??
    (await signedSession(world, presentedAccessToken(world, c) ?? ''))
  if (!session) throw unauthorized('no session')
  session.isOver = true
  for (const place of [world.settings.token, world.settings.refreshToken]) {
    if (typeof place === 'object') deleteCookie(c, place.cookie)
  }
  return c.body(null, 204)
}

async function answerApi(world: JwtWorld, c: Context): Promise<Response> {
  const { username } = await acceptedSession(world, c)
  return world.settings.api(c.req.raw, { username })
}

async function acceptedSession(world: JwtWorld, c: Context): Promise<JwtUserSession> {
  const token = presentedAccessToken(world, c)
  if (!token) throw unauthorized('no token was sent')
  const session = await sessionOf(world, token)
  if (typeof session === 'string') throw unauthorized(session)
  return session
}

function presentedAccessToken({ settings }: JwtWorld, c: Context): string | undefined {
  const { token, header } = settings
  if (typeof token === 'object') return getCookie(c, token.cookie)
  return header === 'authorization' ? bearer(c) : c.req.header(header)
}

const bearer = (c: Context) => /^bearer (\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1]

async function presentedRefreshToken(
  { settings }: JwtWorld,
  c: Context,
): Promise<string | undefined> {
  const { refreshToken: place } = settings
  if (typeof place === 'object') return getCookie(c, place.cookie)
  const value = (await fieldsOf(c))[place.split('.').at(-1) ?? '']
  return typeof value === 'string' ? value : bearer(c)
}

function answerTokens(
  { settings }: JwtWorld,
  c: Context,
  { accessToken, refreshToken }: JwtTokens,
): Response {
  const body: Fields = {}
  const place = (where: JwtPlace, value: string, maxAgeMs: number) => {
    if (typeof where === 'string') return put(body, where, value)
    const maxAge = Math.ceil(maxAgeMs / 1000)
    return setCookie(c, where.cookie, value, { path: '/', httpOnly: true, sameSite: 'Lax', maxAge })
  }
  place(settings.token, accessToken, settings.accessTokenLifetimeMs)
  if (refreshToken !== undefined) {
    place(settings.refreshToken, refreshToken, settings.refreshTokenLifetimeMs)
  }
  if (settings.expiresIn !== false) {
    put(body, settings.expiresIn, settings.accessTokenLifetimeMs / 1000)
  }
  return c.json(body, 200, { 'cache-control': 'no-store' })
}

type Fields = Record<string, unknown>

/** Sets a field, with dots between the levels. */
function put(body: Fields, path: string, value: unknown): void {
  const [name = '', ...rest] = path.split('.')
  if (rest.length === 0) {
    body[name] = value
    return
  }
  const inner = (body[name] ?? {}) as Fields
  body[name] = inner
  put(inner, rest.join('.'), value)
}

/** The fields of a JSON or form body; none of what cannot be read. */
async function fieldsOf(c: Context): Promise<Fields> {
  const text = await c.req.text()
  if (c.req.header('content-type')?.startsWith('application/x-www-form-urlencoded')) {
    return Object.fromEntries(new URLSearchParams(text))
  }
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null ? (body as Fields) : {}
  } catch {
    return {}
  }
}
