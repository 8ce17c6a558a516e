import type { TokenSet } from '@latchkey/core'
import { createDoubleControl, type DoubleControl } from '../double/double-control.ts'
import type { Faults } from '../double/faults.ts'
import type { Ledger } from '../double/ledger.ts'
import { wholeSeconds } from '../double/option-checks.ts'
import { randomText } from '../double/random.ts'
import type { NewClient } from './clients.ts'
import { answerDevice } from './device-routes.ts'
import type { OAuthRequestKind } from './endpoints.ts'
import type { LoggedOAuthRequest, OAuthCounts } from './oauth-ledger.ts'
import type { Demand, OAuthWorld, User } from './oauth-world.ts'
import type { Session } from './sessions.ts'
import { issueTokens } from './tokens.ts'

/** The session to start without a sign-in. */
export interface NewSession {
  /** The client that gets the tokens. */
  clientId: string
  /** The user that it acts for. */
  username: string
  /** Separated by spaces. Default: none. */
  scope?: string
  /** How strongly the user signed in. Default: unknown. */
  acr?: string
}

/** Controls of the double. Clients do not see them, and they do not count as requests. */
export interface OAuthControl
  extends DoubleControl<OAuthRequestKind, OAuthCounts, LoggedOAuthRequest> {
  /** Adds a client. */
  addClient(client: NewClient): {
    /** As given, or made up. */
    clientId: string
  }
  /**
   * Adds a user. The first user signs in by code or at the device page, unless `login_hint` names another.
   *
   * @throws TypeError if the name is taken.
   */
  addUser(user: { username: string; password: string }): void
  /** Starts a session, as a sign-in would. Its tokens are ready for a manager's `setTokens()`. */
  startSession(session: NewSession): Promise<TokenSet>
  /** Ends the sessions of a user, of a client, or all. Their tokens are then rejected. */
  revokeSessions(usernameOrClientId?: string): void
  /** Rejects access tokens with 401 at once. Refresh tokens still work. */
  revokeAccessTokens(usernameOrClientId?: string): void
  /** Rejects refresh tokens with `invalid_grant`. Access tokens work until they expire. */
  revokeRefreshTokens(usernameOrClientId?: string): void
  /** Approves a device, as the first user or the named one. @throws when no device waits for the code. */
  approveDevice(userCode: string, username?: string): void
  /** Denies a device. @throws when no device waits for the code. */
  denyDevice(userCode: string): void
  /** Makes the user cancel the next `count` sign-ins by code. Default 1. */
  denySignIns(count?: number): void
  /** Sets the requirements of the API under `path` from now on. `undefined`: any valid token. */
  demand(path: string, demand: Demand | undefined): void
  /** Sets the lifetime of tokens issued from now on, in ms, whole seconds. */
  setAccessTokenLifetimeMs(ms: number): void
  /** Changes the nonce that DPoP proofs need. */
  changeDpopNonce(): void
}

export function createOAuthControl(
  world: OAuthWorld,
  faults: Faults<OAuthRequestKind>,
  ledger: Ledger<LoggedOAuthRequest, OAuthCounts>,
): OAuthControl {
  const { sessions } = world
  return {
    ...createDoubleControl(world, faults, ledger),
    addClient: (client) => ({ clientId: world.clients.add(client).clientId }),
    addUser: (user) => addUser(world, user),
    startSession: (session) => startSession(world, session),
    revokeSessions: (who) => sessions.end(isOf(who)),
    revokeAccessTokens: (who) => sessions.forgetAccessTokens(isOf(who)),
    revokeRefreshTokens: (who) => sessions.forgetRefreshTokens(isOf(who)),
    approveDevice: (userCode, username) => answerDevice(world, userCode, 'allow', username),
    denyDevice: (userCode) => answerDevice(world, userCode, 'deny'),
    denySignIns(count = 1) {
      world.denials += count
    },
    demand(path, demand) {
      if (demand) world.demands.set(path, demand)
      else world.demands.delete(path)
    },
    setAccessTokenLifetimeMs(ms) {
      world.settings.accessTokenLifetimeMs = wholeSeconds('accessTokenLifetimeMs', ms)
    },
    changeDpopNonce() {
      world.dpopNonce = randomText(21)
    },
  }
}

const isOf = (who: string | undefined) => (session: Session) =>
  who === undefined || session.username === who || session.clientId === who

function addUser({ users }: OAuthWorld, user: User): void {
  if (users.has(user.username)) throw new TypeError(`${user.username} exists already`)
  users.set(user.username, { ...user })
}

async function startSession(world: OAuthWorld, wish: NewSession): Promise<TokenSet> {
  const { clientId, username, scope = '', acr } = wish
  if (!world.clients.byId(clientId)) throw new TypeError(`the double has no client ${clientId}`)
  if (!world.users.has(username)) throw new TypeError(`the double has no user ${username}`)
  const session: Session = {
    clientId,
    username,
    scope: scope.split(' ').filter(Boolean),
    authenticatedAt: world.now(),
    acr,
    nonce: undefined,
    resources: undefined,
    isOver: false,
  }
  const answer = await issueTokens(world, session)
  return {
    accessToken: answer.access_token,
    expiresAt: world.now() + answer.expires_in * 1000,
    ...(answer.refresh_token !== undefined && { refreshToken: answer.refresh_token }),
  }
}
