import { LatchkeyError } from '@latchkey/core'
import { isSignedIn, readObject } from '@latchkey/core/service'
import type { NocoDBContext } from './context.ts'
import { hasRole, isGuest } from './rejected-token.ts'
import { accepted } from './session.ts'
import { notNocoDB, paths } from './wire.ts'

/** The signed-in user, as the server tells it. */
export interface User {
  /** The user's id. */
  id: string
  /** The user's e-mail address. */
  email: string
  /** An object (`{ "org-level-creator": true }`) or a comma-separated string, by the server's mood. */
  roles: Record<string, boolean> | string
  [more: string]: unknown
}

/** Who is signed in, and what that user may do. */
export interface NocoDBAccount {
  /**
   * Who is signed in, asked of the server. NocoDB answers 200 as *guest* to a dead token; that is never
   * taken for an answer here.
   *
   * @throws {LatchkeyError} `ERR_SIGN_IN_REQUIRED` and what else getTokens() throws;
   *   `ERR_API_TOKEN_REJECTED`; `ERR_SERVER_UNAVAILABLE`.
   */
  me(): Promise<User>
  /**
   * Whether the server knows us as a user. With email and password it signs in to find out. Throws
   * only when the server cannot be asked.
   */
  isSignedIn(): Promise<boolean>
  /** Whether the user may administer the whole server. Throws as me() does. */
  isSuperAdmin(): Promise<boolean>
  /**
   * Nothing, when the user may administer the whole server.
   *
   * @throws {LatchkeyError} `ERR_NOT_SUPER_ADMIN` when not, and what me() throws.
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
      throw new LatchkeyError('ERR_SIGN_IN_REQUIRED', 'NocoDB knows this token as guest only.')
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
