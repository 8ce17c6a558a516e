import { LatchkeyError, type TokenSet } from '@latchkey/core'
import type { NocoDBContext } from './nocodb.ts'
import { canSendCookies, readRefreshCookie } from './refresh-cookie.ts'
import { type Credentials, exchange, keepCookie, readTokens, signInWith } from './session-grants.ts'
import { paths, postJson, readErrorBody, unavailable } from './wire.ts'

export interface NewUser extends Credentials {
  firstname?: string
  lastname?: string
  /** The token of an invitation. */
  token?: string
}

export interface Session {
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
  signOut(): Promise<undefined>
  /**
   * Changes the password. NocoDB ends all of the user's sessions with it; this one goes on with new
   * tokens, the others have to sign in with the new password.
   *
   * @throws {LatchkeyError} `ERR_PASSWORD_NOT_CHANGED` with the server's reason.
   */
  changePassword(change: { currentPassword: string; newPassword: string }): Promise<void>
}

export function createSession(context: NocoDBContext): Session {
  const { server, manager, plainFetch } = context

  const needsSession = (what: string): void => {
    if (!context.hasApiToken) return
    throw new LatchkeyError(
      'ERR_SESSION_REQUIRED',
      `An API token cannot ${what}. Make another nocodb() with email and password for that.`,
    )
  }

  async function signIn(given?: Credentials): Promise<void> {
    needsSession('sign in')
    const { credentials } = context
    const used = given ?? credentials
    if (!used) {
      throw new LatchkeyError('ERR_SIGN_IN_REQUIRED', 'signIn() needs an email and a password.')
    }
    const tokens = await signInWith(server, used, { fetch: plainFetch })
    if (used.email !== credentials?.email) context.credentials = undefined
    await manager.setTokens(tokens)
  }

  async function signUp(user: NewUser): Promise<void> {
    needsSession('sign up')
    const body = { ignore_subscribe: true, ...user }
    const response = await postJson(plainFetch, server.url + paths.signUp, body, keepCookie(server))
    if (!response.ok) throw await refused('ERR_SIGN_UP_REFUSED', 'sign this user up', response)
    const tokens = await readTokens(server, response)
    if (user.email !== context.credentials?.email) context.credentials = undefined
    await manager.setTokens(tokens)
  }

  async function signOut(): Promise<undefined> {
    const ended = await manager.signOut()
    if (ended && !context.hasApiToken) await revoke(context, ended)
  }

  async function changePassword(change: {
    currentPassword: string
    newPassword: string
  }): Promise<void> {
    needsSession('change a password')
    const url = server.url + paths.changePassword
    const { currentPassword, newPassword } = change
    const body = { currentPassword, newPassword }
    const response = await postJson(context.fetch, url, body, keepCookie(server))
    if (!response.ok) {
      throw (
        manager.explain(response) ??
        (await refused('ERR_PASSWORD_NOT_CHANGED', 'change the password', response))
      )
    }
    const { credentials } = context
    if (credentials) context.credentials = { ...credentials, password: newPassword }
    // The answer holds a cookie only; the access token comes with the first refresh.
    const { refreshToken } = readRefreshCookie(response.headers, canSendCookies())
    if (refreshToken)
      await manager.setTokens(await exchange(server, refreshToken, { fetch: plainFetch }))
  }

  return { signIn, signUp, signOut, changePassword }
}

/** Tells the server, which listens only to a token that is still good. */
async function revoke(context: NocoDBContext, ended: TokenSet): Promise<undefined> {
  const { server, plainFetch } = context
  try {
    const isOver = (ended.expiresAt ?? Infinity) <= Date.now()
    if (isOver && !ended.refreshToken) return undefined
    const { accessToken } =
      isOver && ended.refreshToken
        ? await exchange(server, ended.refreshToken, { fetch: plainFetch })
        : ended
    const headers = { 'xc-auth': accessToken }
    const init = { ...keepCookie(server), headers }
    const response = await postJson(plainFetch, server.url + paths.signOut, undefined, init)
    if (!response.ok) throw unavailable('sign out', response)
  } catch (error) {
    if (error instanceof LatchkeyError && error.code === 'ERR_REFRESH_TOKEN_REJECTED') return
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
): Promise<LatchkeyError> {
  if (response.status >= 500 || response.status === 429) return unavailable(action, response)
  const { message } = readErrorBody(await response.text())
  return new LatchkeyError(
    code,
    `NocoDB did not ${action}: ${message || `it answered ${response.status}`}.`,
  )
}
