import type { TokenSet } from '@latchkey/core'
import { createDoubleControl, type DoubleControl } from '../double/double-control.ts'
import type { Faults } from '../double/faults.ts'
import type { Ledger } from '../double/ledger.ts'
import { wholeSeconds } from '../double/option-checks.ts'
import type { JwtCounts, JwtRequestKind, LoggedJwtRequest } from './jwt-ledger.ts'
import { issueJwtTokens, type JwtWorld, openSession, signedSession } from './jwt-world.ts'

/** Controls of the double. Clients do not see them, and they do not count as requests. */
export interface JwtControl extends DoubleControl<JwtRequestKind, JwtCounts, LoggedJwtRequest> {
  /**
   * Adds a user, who can sign in at once.
   *
   * @throws TypeError if the name is taken.
   */
  addUser(user: { username: string; password: string }): void
  /** Starts a session, as a sign-in would. Its tokens are ready for a manager's `setTokens()`. */
  startSession(username: string): Promise<TokenSet>
  /** Returns whether the session of this access or refresh token is still open, even if the token itself is used up. */
  hasSession(token: string): Promise<boolean>
  /** Ends the sessions of a user, or of all. Refresh tokens are then rejected; access tokens too if `checksSessions`. */
  revokeSessions(username?: string): void
  /** Rejects the access tokens of a user, or of all, with 401 at once. Refresh tokens still work. */
  revokeAccessTokens(username?: string): void
  /** Rejects the refresh tokens of a user, or of all. Access tokens work until they expire. */
  revokeRefreshTokens(username?: string): void
  /** Sets the lifetime of tokens issued from now on, in ms, whole seconds. */
  setAccessTokenLifetimeMs(ms: number): void
}

export function createJwtControl(
  world: JwtWorld,
  faults: Faults<JwtRequestKind>,
  ledger: Ledger<LoggedJwtRequest, JwtCounts>,
): JwtControl {
  const { users, sessions, refreshTokens, settings } = world
  const sessionsOf = (username: string | undefined) =>
    [...sessions.values()].filter((one) => username === undefined || one.username === username)

  return {
    ...createDoubleControl(world, faults, ledger),
    addUser({ username, password }) {
      if (users.has(username)) throw new TypeError(`${username} exists already`)
      users.set(username, password)
    },
    async startSession(username) {
      if (!users.has(username)) throw new TypeError(`the double has no user ${username}`)
      const tokens = await issueJwtTokens(world, openSession(world, username))
      const { accessToken, refreshToken } = tokens
      const expiresAt = world.now() + settings.accessTokenLifetimeMs
      return { accessToken, expiresAt, ...(refreshToken !== undefined && { refreshToken }) }
    },
    async hasSession(token) {
      const session = refreshTokens.get(token)?.session ?? (await signedSession(world, token))
      return session?.isOver === false
    },
    revokeSessions(username) {
      for (const session of sessionsOf(username)) session.isOver = true
    },
    revokeAccessTokens(username) {
      for (const session of sessionsOf(username)) session.generation += 1
    },
    revokeRefreshTokens(username) {
      const meant = new Set(sessionsOf(username))
      for (const [value, { session }] of refreshTokens) {
        if (meant.has(session)) refreshTokens.delete(value)
      }
    },
    setAccessTokenLifetimeMs(ms) {
      settings.accessTokenLifetimeMs = wholeSeconds('accessTokenLifetimeMs', ms)
    },
  }
}
