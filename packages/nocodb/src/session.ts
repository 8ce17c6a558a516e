import { LatchkeyError } from '@latchkey/core'
import { readObject, redactAll, type Revocation, type SignInAnswer } from '@latchkey/core/service'
import type { NocoDBContext, Start } from './context.ts'
import { isSameUser } from './owner.ts'
import { canSendCookies, readRefreshCookie } from './refresh-cookie.ts'
import {
  type Credentials,
  type Entered,
  exchange,
  keepCookie,
  readEntered,
  signInWith,
} from './session-grants.ts'
import { paths, postJson, readErrorBody, unavailable } from './wire.ts'

/** Whom to sign up. */
export interface NewUser extends Credentials {
  /** The first name. */
  firstname?: string
  /** The last name. */
  lastname?: string
  /** The token of an invitation. */
  token?: string
}

/**
 * Signing in and out. All but signOut() reject with `ERR_SESSION_REQUIRED` where an API token is what
 * we sign in with.
 */
export interface NocoDBSession {
  /**
   * Signs in now, as a new session; with the configured email and password when none are given.
   * Those given here are not kept. Where they are another user's, the configured ones are not used any more
   * until a signIn() without any, and the session stays in memory: the store is the configured user's.
   *
   * @returns The server's answer.
   * @throws {LatchkeyError} `ERR_WRONG_CREDENTIALS` with the answer's `status` and `body`, `ERR_SERVER_UNAVAILABLE`, and `ERR_SESSION_CHANGED` when
   *   a sign-out or a later sign-in overtook it; the session then stays as it is.
   */
  signIn(credentials?: Credentials): Promise<SignInAnswer>
  /**
   * Creates a user (the first one of a server becomes its super admin) and goes on as that user.
   *
   * @returns The server's answer.
   * @throws {LatchkeyError} `ERR_SIGN_UP_REFUSED` with the server's reason; the old session stays.
   *   `ERR_SESSION_CHANGED` when a sign-out or a sign-in overtook it: the user is there.
   */
  signUp(user: NewUser): Promise<SignInAnswer>
  /**
   * Changes the password. NocoDB ends all of the user's sessions with it; this one goes on with new
   * tokens, the others have to sign in with the new password. What was under way meanwhile may come
   * back with its 401.
   *
   * @throws {LatchkeyError} `ERR_PASSWORD_NOT_CHANGED` with the server's reason, and what getTokens()
   *   throws; the session then stays as it is. `ERR_SESSION_CHANGED` when a sign-out or a sign-in overtook
   *   it: the password is the new one.
   */
  changePassword(change: { currentPassword: string; newPassword: string }): Promise<void>
}

export function createSession(context: NocoDBContext): NocoDBSession {
  return {
    signIn: (credentials) => signIn(context, credentials),
    signUp: (user) => signUp(context, user),
    changePassword: (change) => changePassword(context, change),
  }
}

/** @throws {LatchkeyError} `ERR_SESSION_REQUIRED` for what an API token cannot do. */
export function requireSession({ hasApiToken }: NocoDBContext, action: string): void {
  if (!hasApiToken) return
  throw new LatchkeyError(
    'ERR_SESSION_REQUIRED',
    `An API token cannot ${action}. Make another nocodb() with email and password for that.`,
  )
}

async function signIn(context: NocoDBContext, given?: Credentials): Promise<SignInAnswer> {
  requireSession(context, 'sign in')
  const { server, plainFetch, configured } = context
  const used = given ?? configured
  if (!used) {
    throw new LatchkeyError('ERR_SIGN_IN_REQUIRED', 'signIn() needs an email and a password.')
  }
  return enter(context, used.email, () => signInWith(server, used, { fetch: plainFetch }))
}

async function signUp(context: NocoDBContext, user: NewUser): Promise<SignInAnswer> {
  requireSession(context, 'sign up')
  const { server, plainFetch } = context
  const body = { ignore_subscribe: true, ...user }
  return enter(context, user.email, async () => {
    const response = await postJson(plainFetch, server.url + paths.signUp, body, keepCookie(server))
    const secrets = [user.password, user.token ?? '']
    await accepted(context, 'sign this user up', response, 'ERR_SIGN_UP_REFUSED', secrets)
    return readEntered(server, response)
  })
}

/** Goes on as `email`, and never again signs in, or takes a session, as somebody else. */
async function enter(
  context: NocoDBContext,
  email: string,
  obtain: () => Promise<Entered>,
): Promise<SignInAnswer> {
  let entered: Entered | undefined
  const tokens = async () => (entered = await obtain()).tokens
  await context.manager.setTokens(tokens, () => {
    const { configured, configuredUser } = context
    context.user = email
    configuredUser.entered(!configured || isSameUser(email, configured.email))
  })
  return (entered as unknown as Entered).answer
}

async function changePassword(
  context: NocoDBContext,
  { currentPassword, newPassword }: { currentPassword: string; newPassword: string },
): Promise<void> {
  requireSession(context, 'change a password')
  const { server, manager, configuredUser } = context
  const { accessToken } = await manager.getTokens()
  await manager.setTokens(async () => {
    const known = configuredUser.credentials()
    const body = { currentPassword, newPassword }
    const url = server.url + paths.changePassword
    const response = await postJson(context.fetch, url, body, keepCookie(server))
    const secrets = [currentPassword, newPassword]
    await accepted(context, 'change the password', response, 'ERR_PASSWORD_NOT_CHANGED', secrets)
    if (known) context.configured = { ...known, password: newPassword }
    // The answer holds a cookie only, kept before it is used; the access token, dead now, comes with a refresh.
    return { accessToken, expiresAt: 1, ...readRefreshCookie(response.headers, canSendCookies()) }
  })
  await manager.refresh().catch(() => undefined) // the next request tries again
}

/** How the server is told of a sign-out. It says yes to a dead token too, but listens to a live one only. */
export function revocation({ server, plainFetch, hasApiToken }: Start): Revocation {
  return {
    async tell({ accessToken }) {
      if (hasApiToken) return true
      const init = { ...keepCookie(server), headers: { 'xc-auth': accessToken } }
      const response = await postJson(plainFetch, server.url + paths.signOut, undefined, init)
      if (response.ok) return true
      throw unavailable('sign out', response)
    },
    renew: (refreshToken) => exchange(server, refreshToken, { fetch: plainFetch }),
  }
}

/** `response`, when the server did as asked. @throws what was about the token, else its no in its own words. */
export async function accepted(
  { manager }: NocoDBContext,
  action: string,
  response: Response,
  code = 'ERR_UNEXPECTED_ANSWER',
  secrets: readonly string[] = [],
): Promise<Response> {
  const reason = manager.explain(response)
  if (reason) throw reason
  const { ok, status } = response
  if (ok) return response
  if (status >= 500 || status === 429) throw unavailable(action, response)
  const text = await response.text()
  const { message } = readErrorBody(text, secrets)
  throw new LatchkeyError(
    code,
    `NocoDB did not ${action}: ${message || `it answered ${status}`}.`,
    {
      status,
      body: redactAll({ ...readObject(text) }, secrets),
    },
  )
}
