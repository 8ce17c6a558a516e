import { isLatchkeyError, LatchkeyError, type TokenSet } from '@latchkey/core'
import type { NocoDBContext } from './nocodb.ts'
import { isSameUser } from './own-session.ts'
import { canSendCookies, readRefreshCookie } from './refresh-cookie.ts'
import { type Credentials, exchange, keepCookie, readTokens, signInWith } from './session-grants.ts'
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
   * Those given here are not kept, and end the use of configured ones of another user.
   *
   * @throws {LatchkeyError} `ERR_WRONG_CREDENTIALS`, `ERR_SERVER_UNAVAILABLE`; the old session stays.
   */
  signIn(credentials?: Credentials): Promise<void>
  /**
   * Creates a user (the first one of a server becomes its super admin) and goes on as that user.
   *
   * @throws {LatchkeyError} `ERR_SIGN_UP_REFUSED` with the server's reason; the old session stays.
   */
  signUp(user: NewUser): Promise<void>
  /**
   * Signs out: forgotten here at once, then ended at the server, which ends all of the user's sessions.
   * With an API token nobody is told; it lives on.
   *
   * @throws {LatchkeyError} `ERR_SIGN_OUT_INCOMPLETE` when the server could not be told: signed out
   *   here, but sessions elsewhere live on.
   */
  signOut(): Promise<undefined>
  /**
   * Changes the password. NocoDB ends all of the user's sessions with it; this one goes on with new
   * tokens, the others have to sign in with the new password. What was under way meanwhile may come
   * back with its 401.
   *
   * @throws {LatchkeyError} `ERR_PASSWORD_NOT_CHANGED` with the server's reason, and what getTokens()
   *   throws; the session then stays as it is.
   */
  changePassword(change: { currentPassword: string; newPassword: string }): Promise<void>
}

export function createSession(context: NocoDBContext): NocoDBSession {
  return {
    signIn: (credentials) => signIn(context, credentials),
    signUp: (user) => signUp(context, user),
    signOut: async () => {
      const ended = await context.manager.signOut()
      if (ended && !context.hasApiToken) await revoke(context, ended)
      return undefined
    },
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

async function signIn(context: NocoDBContext, given?: Credentials): Promise<void> {
  requireSession(context, 'sign in')
  const used = given ?? context.credentials
  if (!used) {
    throw new LatchkeyError('ERR_SIGN_IN_REQUIRED', 'signIn() needs an email and a password.')
  }
  await enter(
    context,
    used.email,
    await signInWith(context.server, used, { fetch: context.plainFetch }),
  )
}

async function signUp(context: NocoDBContext, user: NewUser): Promise<void> {
  requireSession(context, 'sign up')
  const { server, plainFetch } = context
  const body = { ignore_subscribe: true, ...user }
  const response = await postJson(plainFetch, server.url + paths.signUp, body, keepCookie(server))
  if (!response.ok) {
    const secrets = [user.password, ...(user.token ? [user.token] : [])]
    throw await refused('ERR_SIGN_UP_REFUSED', 'sign this user up', response, secrets)
  }
  await enter(context, user.email, await readTokens(server, response))
}

/** Goes on as `email`, and never again signs in, or takes a session, as somebody else. */
async function enter(context: NocoDBContext, email: string, tokens: TokenSet): Promise<void> {
  if (!isSameUser(email, context.credentials?.email)) context.credentials = undefined
  context.user = email
  await context.manager.setTokens(tokens)
}

async function changePassword(
  context: NocoDBContext,
  { currentPassword, newPassword }: { currentPassword: string; newPassword: string },
): Promise<void> {
  requireSession(context, 'change a password')
  const { server, manager, credentials } = context
  const { accessToken } = await manager.getTokens()
  const body = { currentPassword, newPassword }
  const url = server.url + paths.changePassword
  const response = await postJson(context.fetch, url, body, keepCookie(server))
  if (!response.ok) {
    const secrets = [currentPassword, newPassword]
    const action = 'change the password'
    const refusal = await refused('ERR_PASSWORD_NOT_CHANGED', action, response, secrets)
    throw manager.explain(response) ?? refusal
  }
  if (credentials) context.credentials = { ...credentials, password: newPassword }
  // The answer holds a cookie only, kept before it is used; the access token comes with a refresh.
  const successor = readRefreshCookie(response.headers, canSendCookies())
  if (!successor.refreshToken) return
  await manager.setTokens({ accessToken, ...successor })
  await manager.refresh().catch(() => undefined) // the next request tries again
}

/** Tells the server, which listens only to a token that is still good. */
async function revoke(context: NocoDBContext, ended: TokenSet): Promise<void> {
  const { server, plainFetch, now } = context
  try {
    const isOver = (ended.expiresAt ?? Infinity) <= now()
    if (isOver && !ended.refreshToken) return
    const { accessToken } =
      isOver && ended.refreshToken
        ? await exchange(server, ended.refreshToken, { fetch: plainFetch })
        : ended
    const headers = { 'xc-auth': accessToken }
    const init = { ...keepCookie(server), headers }
    const response = await postJson(plainFetch, server.url + paths.signOut, undefined, init)
    if (!response.ok) throw unavailable('sign out', response)
  } catch (error) {
    if (isLatchkeyError(error) && error.code === 'ERR_REFRESH_TOKEN_REJECTED') return
    throw new LatchkeyError(
      'ERR_SIGN_OUT_INCOMPLETE',
      'Signed out here, but NocoDB could not be told, so sessions elsewhere live on.',
      { cause: error },
    )
  }
}

/** A no of the server's, in its own words. */
export async function refused(
  code: string,
  action: string,
  response: Response,
  secrets: readonly string[] = [],
): Promise<LatchkeyError> {
  if (response.status >= 500 || response.status === 429) return unavailable(action, response)
  const { message } = readErrorBody(await response.text(), secrets)
  return new LatchkeyError(
    code,
    `NocoDB did not ${action}: ${message || `it answered ${response.status}`}.`,
  )
}
