import {
  apiToken as apiTokenGrant,
  authorizedFetch,
  createTokenManager,
  headerScheme,
  memoryStore,
  type TokenManager,
} from '@latchkey/core'
import { type Account, createAccount } from './account.ts'
import { type ApiTokens, createApiTokens } from './api-tokens.ts'
import { checkLogin, type NocoDBOptions } from './nocodb-options.ts'
import { ownSession } from './own-session.ts'
import { isTokenRejected } from './rejected-token.ts'
import { createSession, type Session } from './session.ts'
import { passwordGrant, refreshGrant, type Credentials } from './session-grants.ts'
import { isAuthPage, parseServer, type Server } from './wire.ts'

/** A token manager for one NocoDB server, and what its users do with their account there. */
export interface NocoDB extends TokenManager, Session, Account {
  /**
   * Signs out. Forgotten here at once; then the server is told, which **ends all of the user's
   * sessions**, on every machine: NocoDB knows no other sign-out. API tokens survive it. With an API
   * token it only forgets the token here.
   *
   * @throws {LatchkeyError} `ERR_SIGN_OUT_INCOMPLETE` when the server could not be told: signed out
   *   here, but the sessions elsewhere, and this access token until it expires, live on.
   */
  signOut(): Promise<undefined>
  /** The user's API tokens. Only a signed-in user can manage them, an API token cannot. */
  apiTokens: ApiTokens
}

/** What the parts of a NocoDB manager share. */
export interface NocoDBContext {
  server: Server
  manager: TokenManager
  /** Whether an API token is used, and so there is no session. */
  hasApiToken: boolean
  /** Sends without a token, and with one. */
  plainFetch: typeof fetch
  fetch: typeof fetch
  /** Who signs in by password when nothing else is left. */
  credentials: Credentials | undefined
}

/**
 * Keeps clients signed in to NocoDB. The first of these that applies wins: the API token; the
 * session's access token while it lasts; a refresh token from the store; email and password.
 *
 * Nothing is sent before a token is needed. Hand the result to `registerAuth`, `authHooks` or
 * `wrapFetch`.
 *
 * @throws {LatchkeyError} `ERR_INVALID_OPTION`, naming the option and what was expected.
 *
 * @example
 * const noco = nocodb({ baseUrl: 'https://nocodb.example.com', email, password })
 * const { email: mine } = await noco.me()
 */
export function nocodb(options: NocoDBOptions): NocoDB {
  const { apiToken, email, password, store = memoryStore(), clock = Date } = options
  const server = parseServer(options.baseUrl)
  checkLogin(options)
  const hasApiToken = apiToken !== undefined
  const context: Pick<NocoDBContext, 'credentials'> = {
    credentials: email && password ? { email, password } : undefined,
  }
  const { renewAheadMs, renewTimeoutMs, allowInsecure } = options
  const manager = createTokenManager({
    origin: server.origin,
    name: options.name ?? server.url.replace(/\/$/, ''),
    scheme: headerScheme(hasApiToken ? 'xc-token' : 'xc-auth'),
    grants: hasApiToken
      ? [apiTokenGrant(apiToken)]
      : [refreshGrant(server, () => clock.now()), passwordGrant(server, () => context.credentials)],
    // An API token has no session to keep, and must not meet one.
    ...(!hasApiToken && { store: email ? ownSession(store, email) : store }),
    isTokenRejected,
    skipAuth: ({ url }) => isAuthPage(url),
    clock,
    ...(renewAheadMs !== undefined && { renewAheadMs }),
    ...(renewTimeoutMs !== undefined && { renewTimeoutMs }),
    ...(allowInsecure !== undefined && { allowInsecure }),
    ...(options.fetch && { fetch: options.fetch }),
  })
  const plainFetch: typeof fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init))
  const full: NocoDBContext = Object.assign(context, {
    server,
    manager,
    hasApiToken,
    plainFetch,
    fetch: authorizedFetch(manager, plainFetch),
  })
  return {
    ...manager,
    ...createSession(full),
    ...createAccount(full),
    apiTokens: createApiTokens(full),
  }
}
