import {
  isLatchkeyError,
  memoryStore,
  type OptionNames,
  type TokenManagerOptions,
  type TokenSet,
} from '@latchkey/core'
import { type ClientAuth, None } from 'oauth4webapi'
import { locateServer } from '../authorization-server.ts'
import { parseEndpoint } from '../endpoint-url.ts'
import { refreshGrant, refreshTokens } from '../grants.ts'
import { invalid, sessionName } from '../oauth-options.ts'
import { notRevoked, sendRevocation } from '../revocation.ts'
import type { Exchange } from '../sending.ts'
import type { OAuthContext } from '../token-endpoint.ts'
import { sdkTokenStore, type SharetribeTokenStore } from './sdk-token-store.ts'

export interface SharetribeOptions
  extends Pick<
    TokenManagerOptions,
    'store' | 'name' | 'renewAheadMs' | 'renewTimeoutMs' | 'fetch' | 'clock' | 'allowInsecure'
  > {
  /** The application's client id, from Sharetribe's Console. */
  clientId: string
  /** Where the API is, without `/v1`. Default: Sharetribe's own address of it. */
  baseUrl?: string
  /**
   * A token store of Sharetribe's own SDK, in place of `store`: both then share one session. It holds
   * one session only, and nobody checks whose.
   */
  tokenStore?: SharetribeTokenStore
}

export const sharedOptions: OptionNames<SharetribeOptions> = {
  clientId: true,
  baseUrl: true,
  tokenStore: true,
  name: true,
  store: true,
  renewAheadMs: true,
  renewTimeoutMs: true,
  fetch: true,
  clock: true,
  allowInsecure: true,
}

/** What tells Sharetribe's two APIs from each other. */
export interface ApplicationKind {
  baseUrl: string
  /** The scope of a session, and of a token set without a refresh token. */
  sessionScope: string
  bareScope: string
  authentication: ClientAuth
  secrets: readonly string[]
  /** Whose session it is, where somebody said so. */
  username?: string | undefined
}

/** What both of Sharetribe's APIs share: their endpoints, a refresh without a secret, a sign-out. */
export function openApplication(options: SharetribeOptions, kind: ApplicationKind) {
  const { clientId, baseUrl = kind.baseUrl, clock = Date } = options
  requireText('clientId', clientId)
  const url = parseEndpoint('baseUrl', baseUrl, options.allowInsecure === true)
  const base = url.href.replace(/\/*$/, '')
  let latest: { accessToken: string; scope: string | undefined } | undefined
  const context: OAuthContext = {
    locate: locateServer({
      tokenEndpoint: new URL(`${base}/v1/auth/token`),
      revocationEndpoint: new URL(`${base}/v1/auth/revoke`),
      allowInsecure: options.allowInsecure === true,
    }),
    client: { client_id: clientId },
    authentication: kind.authentication,
    parameters: new URLSearchParams(),
    secrets: kind.secrets,
    now: () => clock.now(),
    onScope: (accessToken, scope) => (latest = { accessToken, scope }),
  }
  const scopes = {
    session: kind.sessionScope,
    bare: kind.bareScope,
    of: (accessToken: string) => (latest?.accessToken === accessToken ? latest.scope : undefined),
  }
  const managerOptions = {
    ...options,
    origin: url.origin,
    store: chooseStore(options, (own) => sdkTokenStore(own, scopes, context.now)),
    name:
      options.name ??
      sessionName(base, [
        ['client_id', clientId],
        ['username', kind.username],
      ]),
  }
  return {
    context,
    managerOptions,
    refresh: refreshGrant(context, None()),
    revoke: (ended: TokenSet, exchange: Exchange) => revokeSession(context, ended, exchange),
  }
}

function chooseStore(
  { store, tokenStore }: SharetribeOptions,
  adapt: (own: SharetribeTokenStore) => NonNullable<SharetribeOptions['store']>,
) {
  if (tokenStore === undefined) return store ?? memoryStore()
  if (store !== undefined) throw invalid('`store` and `tokenStore` exclude each other.')
  const methods = [tokenStore?.getToken, tokenStore?.setToken, tokenStore?.removeToken]
  if (methods.some((method) => typeof method !== 'function')) {
    throw invalid("`tokenStore` must be a token store of Sharetribe's SDK.")
  }
  return adapt(tokenStore)
}

/**
 * Tells the server, which wants to know it from the session itself: with an access token that has
 * expired it is refreshed first. A session that the server does not know any more is as good as revoked.
 */
async function revokeSession(
  context: OAuthContext,
  ended: TokenSet,
  exchange: Exchange,
): Promise<void> {
  const { refreshToken } = ended
  if (refreshToken === undefined) return
  const send = (tokens: TokenSet) => {
    const authorize: ClientAuth = (_server, _client, _body, headers) =>
      headers.set('authorization', `Bearer ${tokens.accessToken}`)
    return sendRevocation(context, tokens.refreshToken ?? refreshToken, exchange, {}, authorize)
  }
  let response = await send(ended)
  if (response.status === 401) {
    const renewed = await refreshTokens(context, refreshToken, exchange, None()).catch(unlessOver)
    if (!renewed) return
    response = await send(renewed)
  }
  const body = await response.text()
  const secrets = [ended.accessToken, refreshToken]
  if (!response.ok && response.status !== 401) throw notRevoked(response, body, secrets)
}

function unlessOver(error: unknown): undefined {
  if (isLatchkeyError(error) && error.code === 'ERR_REFRESH_TOKEN_REJECTED') return undefined
  throw error
}

/** @throws {LatchkeyError} `ERR_INVALID_OPTION`, never showing a value. */
export function requireText(option: string, value: unknown): void {
  if (typeof value === 'string' && value !== '') return
  throw invalid(`\`${option}\` must be a non-empty string.`)
}
