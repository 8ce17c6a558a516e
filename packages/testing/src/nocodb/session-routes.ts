import type { Context } from 'hono'
import { Hono } from 'hono'
import { rolesAsObject, signAccessToken, type RolesForm } from './access-token.ts'
import type { Account } from './accounts.ts'
import { authenticate } from './authenticate.ts'
import {
  accessCookie,
  clearedAccessCookie,
  clearedRefreshCookie,
  refreshCookie,
  requestCookie,
} from './cookies.ts'
import { checkCredentialBody, checkPasswordChangeBody } from './request-schema.ts'
import { readBody } from './request-body.ts'
import { baseAnswer } from './base-answers.ts'
import type { World } from './world.ts'

/** Prefixes under which the server answers the same sign-in routes. */
const prefixes = ['/auth', '/api/v1/db/auth', '/api/v1/auth', '/api/v2/auth']
const signOutPrefixes = ['/api/v1/auth', '/api/v2/auth']

/** Sign-up, sign-in, refresh, sign-out, me and the password change. */
export function sessionRoutes(world: World): Hono {
  const routes = new Hono()
  for (const prefix of prefixes) {
    routes.post(`${prefix}/user/signup`, (c) => signUp(world, c))
    routes.post(`${prefix}/user/signin`, (c) => signIn(world, c))
    routes.post(`${prefix}/token/refresh`, (c) => refresh(world, c))
    routes.get(`${prefix}/user/me`, (c) => me(world, c))
    if (prefix !== '/auth') {
      routes.post(`${prefix}/password/change`, (c) => changePassword(world, c))
    }
  }
  routes.post('/user/password/change', (c) => changePassword(world, c))
  for (const prefix of signOutPrefixes) {
    routes.post(`${prefix}/user/signout`, (c) => signOut(world, c))
  }
  return routes
}

async function signUp(world: World, c: Context): Promise<Response> {
  const { email, password } = checkCredentialBody(await readBody(c))
  if (email.includes('+'))
    throw world.answers.message(400, 'Email aliases with "+" are not allowed')
  if (world.accounts.byEmail(email)) throw world.answers.message(400, 'User already exist')
  const isFirst = world.accounts.all().length === 0
  const user = world.addUser({ email, password })
  const token = await startSession(world, c, user, 'text')
  const [base] = world.tables.bases()
  return c.json(isFirst && base ? { token, createdProject: baseAnswer(base) } : { token })
}

async function signIn(world: World, c: Context): Promise<Response> {
  const { email, password } = await readBody(c)
  if (!isText(email) || !isText(password)) throw world.answers.unauthorized()
  const user = world.accounts.byEmail(email)
  if (user?.password !== password) throw world.answers.message(400, 'Invalid credentials')
  if (world.traits.singleSession) world.accounts.endSessions(user)
  return c.json({ token: await startSession(world, c, user, 'object') })
}

async function refresh(world: World, c: Context): Promise<Response> {
  const presented = requestCookie(c.req.raw.headers, 'refresh_token')
  if (!presented) throw world.answers.message(400, 'Missing refresh token')
  const stored = world.accounts.takeRefreshToken(presented)
  const user = stored && world.accounts.byId(stored.userId)
  if (!stored || !user) throw world.answers.refreshRejected()
  if (world.traits.refreshTokensExpire && world.now() >= stored.expiresAt) {
    throw world.answers.refreshExpired()
  }
  return c.json({ token: await startSession(world, c, user, 'text') })
}

async function signOut(world: World, c: Context): Promise<Response> {
  const headers = c.req.raw.headers
  const identity = await authenticate(world, headers)
  const presented = ['xc-auth', 'xc-token', 'authorization'].some((name) => headers.get(name))
  if (!identity && !presented) throw world.answers.notAllowed()
  if (identity) world.accounts.endSessions(identity.user)
  c.header('set-cookie', clearedRefreshCookie(), { append: true })
  if (world.traits.accessTokenCookie) {
    c.header('set-cookie', clearedAccessCookie(), { append: true })
  }
  return c.json({ msg: 'Signed out successfully' })
}

async function me(world: World, c: Context): Promise<Response> {
  const identity = await authenticate(world, c.req.raw.headers)
  if (!identity) {
    return c.json({ roles: { guest: true }, workspace_roles: null, base_roles: null })
  }
  const { user, by } = identity
  const common = { display_name: null, base_roles: null, is_new_user: 1, isAuthorized: true }
  const roles = rolesAsObject(user.roles)
  const who = { id: user.id, email: user.email, roles, workspace_roles: null, ...common }
  if (by === 'api token') return c.json({ is_api_token: true, ...who })
  return c.json({
    ...who,
    email_verified: null,
    token_version: user.tokenVersion,
    ...personal(user),
  })
}

function personal(user: Account) {
  return { blocked: 0, is_deleted: 0, meta: null, user_name: null, canonical_email: user.email }
}

async function changePassword(world: World, c: Context): Promise<Response> {
  const identity = await authenticate(world, c.req.raw.headers)
  if (!identity) throw world.answers.invalidToken()
  const { currentPassword, newPassword } = checkPasswordChangeBody(await readBody(c))
  const { user } = identity
  if (user.password !== currentPassword) {
    throw world.answers.message(400, 'Current password is wrong')
  }
  user.password = newPassword
  world.accounts.endSessions(user)
  await startSession(world, c, user, 'object')
  return c.json({ msg: 'Password has been updated successfully' })
}

/** Puts a fresh refresh cookie on the answer and makes the access token that goes with it. */
async function startSession(
  world: World,
  c: Context,
  user: Account,
  rolesForm: RolesForm,
): Promise<string> {
  const { jwtSecret: secret, accessTokenLifetimeMs, refreshTokenLifetimeMs } = world.settings
  const atMs = world.now()
  const expiresAt = atMs + refreshTokenLifetimeMs
  const cookie = world.accounts.addRefreshToken(user.id, expiresAt)
  const { accessTokenCookie } = world.traits
  const token = await signAccessToken(user, rolesForm, {
    secret,
    atMs,
    lifetimeMs: accessTokenLifetimeMs,
  })
  c.header('set-cookie', refreshCookie(cookie, expiresAt, accessTokenCookie), { append: true })
  if (accessTokenCookie) c.header('set-cookie', accessCookie(token), { append: true })
  return token
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
