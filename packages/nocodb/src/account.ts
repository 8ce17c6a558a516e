import { LatchkeyError } from '@latchkey/core'
import { isSignedIn, readObject } from '@latchkey/core/service'
import type { NocoDBContext } from './context.ts'
import { hasRole, isGuest } from './rejected-token.ts'
import { accepted } from './session.ts'
import { notNocoDB, paths } from './wire.ts'

/** The signed-in user, as the server describes it. */
export interface User {
  /** The user's id. */
  id: string
  /** The user's e-mail address. */
  email: string
  /** An object (`{ "org-level-creator": true }`) or a comma-separated string; servers send either. */
  roles: Record<string, boolean> | string
  [more: string]: unknown
}

/** Reports who is signed in, and what that user may do. */
export interface NocoDBAccount {
  /**
   * Asks the server who is signed in. NocoDB answers a dead token with 200 and a *guest* user; me() treats
   * that as a rejected token.
   *
   * @throws {LatchkeyError} `ERR_SIGN_IN_REQUIRED` and the other errors of getTokens();
   *   `ERR_API_TOKEN_REJECTED`; `ERR_SERVER_UNAVAILABLE`.
   */
  me(): Promise<User>
  /**
   * Returns whether the server accepts us as a user. Signs in first if it has to and can. Throws only when
   * the server cannot be asked.
   */
  isSignedIn(): Promise<boolean>
  /** Returns whether the user may administer the whole server. Throws as me() does. */
  isSuperAdmin(): Promise<boolean>
  /**
   * Checks that the user may administer the whole server.
   *
   * @throws {LatchkeyError} `ERR_NOT_SUPER_ADMIN` if not, and the errors of me().
   */
  assertSuperAdmin(): Promise<void>
}

export function createAccount(context: NocoDBContext): NocoDBAccount {
  const { server, fetch } = context

  async function me(): Promise<User> {
    const response = await fetch(server.url + paths.me)
    await accepted(context, 'say who is signed in', response)
    const user = readObject(await response.text())
    if (isGuest(user)) {
      throw new LatchkeyError(
        'ERR_SIGN_IN_REQUIRED',
        'NocoDB treats this token as a guest. Sign in again.',
      )
    }
    if (typeof user['id'] !== 'string') throw notNocoDB(server, 'a user')
    return user as User
  }

  const isSuperAdmin = async () => hasRole((await me()).roles, 'super')

  async function assertSuperAdmin(): Promise<void> {
    const { email, roles } = await me()
    if (hasRole(roles, 'super')) return
    throw new LatchkeyError(
      'ERR_NOT_SUPER_ADMIN',
      `${email} is not a super admin of ${server.url}.`,
    )
  }

  const isKnown = async () => Boolean(await me())

  return { me, isSignedIn: () => isSignedIn(isKnown), isSuperAdmin, assertSuperAdmin }
}
