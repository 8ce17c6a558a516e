import type { TokenSet } from '@latchkey/core'
import { createDoubleControl, type DoubleControl } from '../double/double-control.ts'
import type { Faults } from '../double/faults.ts'
import type { Ledger } from '../double/ledger.ts'
import { wholeSeconds } from '../double/option-checks.ts'
import type { JwtCounts, JwtRequestKind, LoggedJwtRequest } from './jwt-ledger.ts'
import { issueJwtTokens, type JwtWorld, openSession, signedSession } from './jwt-world.ts'

/** What a test does to the server behind its clients' backs. Nothing here counts as a request. */
export interface JwtControl extends DoubleControl<JwtRequestKind, JwtCounts, LoggedJwtRequest> {
  /**
   * Adds a user, who can sign in at once.
   *
   * @throws TypeError when there is one with this name.
   */
  addUser(user: { username: string; password: string }): void
  /** Starts a session, as a sign-in would. Its tokens are ready for a manager's `setTokens()`. */
  startSession(username: string): Promise<TokenSet>
  /** Whether the session of this access token or refresh token still goes on, be the token itself spent. */
  hasSession(token: string): Promise<boolean>
  /** Ends the sessions of a user, or of all: no refresh token is accepted, and where sessions are checked no access token. */
  revokeSessions(username?: string): void
  /** Access tokens of a user, or of all, answer 401 at once; refresh tokens still work. */
  revokeAccessTokens(username?: string): void
  /** Refresh tokens of a user, or of all, are refused; access tokens live until they expire. */
  revokeRefreshTokens(username?: string): void
  /** For tokens issued from now on: whole seconds, in ms. */
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
