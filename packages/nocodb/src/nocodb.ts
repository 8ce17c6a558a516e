import {
  apiToken as apiTokenGrant,
  headerScheme,
  memoryStore,
  type TokenManager,
  type TokenManagerOptions,
} from '@latchkey/core'
import { authorizedFetch } from '@latchkey/core/adapter'
import {
  extendManager,
  configuredUser,
  createServiceManager,
  managerOptions,
  ownFetch,
} from '@latchkey/core/service'
import { type NocoDBAccount, createAccount } from './account.ts'
import { type ApiTokens, createApiTokens } from './api-tokens.ts'
import {
  checkNocoDBOptions,
  type CredentialNames,
  missingCredentials,
  type NocoDBOptions,
  optionNames,
} from './nocodb-options.ts'
import { isOwnedBy } from './owner.ts'
import { isTokenRejected } from './rejected-token.ts'
import type { NocoDBContext, Start } from './context.ts'
import { createSession, type NocoDBSession, revocation } from './session.ts'
import { passwordGrant, refreshGrant } from './session-grants.ts'
import { isAuthPage, parseServer } from './wire.ts'

/** A token manager for one NocoDB server, with the actions of a user's account. */
export interface NocoDB extends TokenManager, NocoDBSession, NocoDBAccount {
  /**
   * Signs out. Forgets the session here at once, then signs out at the server. That **ends all of the
   * user's sessions**, on every machine: NocoDB has no other sign-out. API tokens stay valid. A manager
   * with an API token only forgets that token here.
   *
   * @throws {LatchkeyError} `ERR_SIGN_OUT_INCOMPLETE` when the server could not be reached. The user is
   *   signed out here. Other sessions stay valid, and so does this access token until it expires.
   */
  signOut(): Promise<undefined>
  /** Manages the user's API tokens. This needs a signed-in user; an API token cannot do it. */
  apiTokens: ApiTokens
}

/**
 * Keeps clients signed in to NocoDB. Uses the first of these that applies: the API token; the session's
 * access token until it expires; a refresh token from the store; email and password.
 *
 * Sends no request before a token is needed. Pass the result to `registerAuth`, `authHooks` or
 * `wrapFetch`.
 *
 * @throws {LatchkeyError} `ERR_INVALID_OPTION`, naming the option and what was expected.
 *
 * @example
 * const noco = nocodb({ baseUrl: 'https://nocodb.example.com', email, password })
 * const { email: mine } = await noco.me()
 */
export function nocodb(options: NocoDBOptions): NocoDB {
  return openNocoDB(options, optionNames)
}

/** Does what nocodb() does, for options that have other names in messages. */
export function openNocoDB(given: NocoDBOptions, names: CredentialNames): NocoDB {
  const options = checkNocoDBOptions(given, names)
  const { apiToken, email, password } = options
  const server = parseServer(options.baseUrl, options.allowInsecure === true)
  const plainFetch = ownFetch(options)
  const start: Start = {
    server,
    hasApiToken: apiToken !== undefined,
    plainFetch,
    user: email,
    configured: email && password ? { email, password } : undefined,
    configuredUser: configuredUser(
      () => start.configured,
      (tokens) => isOwnedBy(tokens, start.user),
    ),
  }
  const manager = createManager(options, start, missingCredentials(options, names))
  const context: NocoDBContext = Object.assign(start, {
    manager,
    fetch: authorizedFetch(manager, plainFetch),
  })
  return extendManager<NocoDB>(manager, {
    ...createSession(context),
    ...createAccount(context),
    apiTokens: createApiTokens(context),
  })
}

function createManager(options: NocoDBOptions, start: Start, missing: string) {
  const { apiToken, clock = Date, store = memoryStore() } = options
  const { server } = start
  const { credentials } = start.configuredUser
  const signIn = passwordGrant(server, credentials, missing)
  const chain = [refreshGrant(server, () => clock.now()), signIn]
  const managed: TokenManagerOptions = {
    ...managerOptions(options),
    fetch: start.plainFetch,
    name: options.name ?? server.url.replace(/\/$/, ''),
    origin: server.origin,
    scheme: headerScheme(start.hasApiToken ? 'xc-token' : 'xc-auth'),
    grants: apiToken === undefined ? chain : [apiTokenGrant(apiToken)],
    // An API token does not need a stored session, and must not pick one up.
    store: start.hasApiToken ? memoryStore() : store,
    isTokenRejected,
    skipAuth: (request) => isAuthPage(request.url) || options.skipAuth?.(request) === true,
  }
  return createServiceManager(managed, revocation(start), start.configuredUser)
}
