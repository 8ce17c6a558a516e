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

/** Whose session to start without a sign-in. */
export interface NewSession {
  /** The client that gets the tokens. */
  clientId: string
  /** Whom it acts for. */
  username: string
  /** Separated by spaces. Default: none. */
  scope?: string
  /** How strongly the user signed in. Default: unknown. */
  acr?: string
}

/** What a test does to the server behind its clients' backs. Nothing here counts as a request. */
export interface OAuthControl
  extends DoubleControl<OAuthRequestKind, OAuthCounts, LoggedOAuthRequest> {
  /** Adds a client. */
  addClient(client: NewClient): {
    /** As given, or made up. */
    clientId: string
  }
  /**
   * Adds a user. The first one is who signs in by code or at the device page, unless `login_hint` names another.
   *
   * @throws TypeError when there is one with this name.
   */
  addUser(user: { username: string; password: string }): void
  /** Starts a session, as a sign-in would. Its tokens are ready for a manager's `setTokens()`. */
  startSession(session: NewSession): Promise<TokenSet>
  /** Ends sessions, so that no token of them is accepted. Of a user, of a client, or all. */
  revokeSessions(usernameOrClientId?: string): void
  /** Access tokens answer 401 at once; refresh tokens still work. */
  revokeAccessTokens(usernameOrClientId?: string): void
  /** Refresh tokens answer `invalid_grant`; access tokens live until they expire. */
  revokeRefreshTokens(usernameOrClientId?: string): void
  /** Says yes to a device, as the first user or the named one. @throws when no device waits for the code. */
  approveDevice(userCode: string, username?: string): void
  /** Says no to a device. @throws when no device waits for the code. */
  denyDevice(userCode: string): void
  /** The user calls off the next `count` sign-ins by code. Default 1. */
  denySignIns(count?: number): void
  /** What the API demands under `path` from now on; `undefined`: a good token will do. */
  demand(path: string, demand: Demand | undefined): void
  /** For tokens issued from now on: whole seconds, in ms. */
  setAccessTokenLifetimeMs(ms: number): void
  /** From now on DPoP proofs need another nonce. */
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
