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

/** The user to create. */
export interface NewUser extends Credentials {
  /** The first name. */
  firstname?: string
  /** The last name. */
  lastname?: string
  /** The token from an invitation. */
  token?: string
}

/**
 * Signs in and out. If the manager uses an API token, all methods but signOut() reject with
 * `ERR_SESSION_REQUIRED`.
 */
export interface NocoDBSession {
  /**
   * Signs in now, as a new session. Without arguments it uses the configured email and password. Credentials
   * given here are not kept. If they belong to another user, the session stays in memory, because the store
   * is the configured user's. The configured credentials are then not used until a signIn() without
   * arguments.
   *
   * @returns The server's answer.
   * @throws {LatchkeyError} `ERR_WRONG_CREDENTIALS` with the answer's `status` and `body`, `ERR_SERVER_UNAVAILABLE`, and `ERR_SESSION_CHANGED` when
   *   a sign-out or a later sign-in took effect first; the session then stays as it is.
   */
  signIn(credentials?: Credentials): Promise<SignInAnswer>
  /**
   * Creates a user and signs in as that user. The first user of a server becomes its super admin.
   *
   * @returns The server's answer.
   * @throws {LatchkeyError} `ERR_SIGN_UP_REFUSED` with the server's reason; the old session stays.
   *   `ERR_SESSION_CHANGED` when a sign-out or a sign-in took effect first; the user was created.
   */
  signUp(user: NewUser): Promise<SignInAnswer>
  /**
   * Changes the password. NocoDB then ends all of the user's sessions. This one continues with new tokens;
   * the others have to sign in with the new password. Requests in flight during the change may fail with 401.
   *
   * @throws {LatchkeyError} `ERR_PASSWORD_NOT_CHANGED` with the server's reason, and the errors of
   *   getTokens(); the session then stays as it is. `ERR_SESSION_CHANGED` when a sign-out or a sign-in took
   *   effect first; the password was changed.
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

/** Refuses actions that an API token cannot do. @throws {LatchkeyError} `ERR_SESSION_REQUIRED`. */
export function requireSession({ hasApiToken }: NocoDBContext, action: string): void {
  if (!hasApiToken) return
  throw new LatchkeyError(
    'ERR_SESSION_REQUIRED',
    `An API token cannot ${action}. Use nocodb({ email, password, … }) for that.`,
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

/** Makes `email` the session's user. From now on no other user's credentials or session are used. */
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
    // The answer only sets a cookie. Store it first; the refresh below replaces the access token, which is dead now.
    return { accessToken, expiresAt: 1, ...readRefreshCookie(response.headers, canSendCookies()) }
  })
  await manager.refresh().catch(() => undefined) // the next request tries again
}

/** Signs out at the server. It answers 200 to a dead token too, but only a live one ends the sessions. */
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

/** Returns `response` if it is a success. @throws the token's error, else one with the server's own message. */
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
