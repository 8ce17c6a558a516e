import { memoryStore, type TokenManagerOptions, type TokenSet } from '@latchkey/core'
import {
  invalidOption,
  isForeignAnswer,
  type OptionNames,
  ownFetch,
  parseAddress,
  type Revocation,
  type ServiceOptions,
  serviceOptions,
} from '@latchkey/core/service'
import { type ClientAuth, None } from 'oauth4webapi'
import { locateServer } from '../authorization-server.ts'
import { refreshGrant, refreshTokens } from '../grants.ts'
import { sessionName } from '../oauth-options.ts'
import { notRevoked, sendRevocation } from '../revocation.ts'
import type { Exchange } from '../sending.ts'
import type { OAuthContext } from '../token-endpoint.ts'
import { sdkTokenStore, type SharetribeTokenStore } from './sdk-token-store.ts'

export interface SharetribeOptions extends ServiceOptions, Pick<TokenManagerOptions, 'name'> {
  /** The application's client id, from Sharetribe's Console. */
  clientId: string
  /** The API's address, without `/v1`. Default: Sharetribe's own. */
  baseUrl?: string
  /**
   * A token store of Sharetribe's own SDK, instead of `store`, so that both share one session. It holds only one
   * session and does not check the user.
   */
  tokenStore?: SharetribeTokenStore
}

export const sharedOptions: OptionNames<SharetribeOptions> = {
  clientId: 'text',
  baseUrl: true,
  tokenStore: 'store',
  name: 'text',
  ...serviceOptions,
}

/** The differences between Sharetribe's two APIs. */
export interface ApplicationKind {
  baseUrl: string
  /** The scope of a session, and of a token set without a refresh token. */
  sessionScope: string
  bareScope: string
  authentication: ClientAuth
  secrets: readonly string[]
  /** The session's user, if configured or signed in. */
  username?: string | undefined
}

/** Makes a manager for either API: endpoints, a refresh without a secret, a sign-out. */
export function openApplication(options: SharetribeOptions, kind: ApplicationKind) {
  const { clientId, baseUrl = kind.baseUrl, clock = Date } = options
  if (clientId === undefined) throw invalidOption('`clientId` must be a non-empty string.')
  const allowInsecure = options.allowInsecure === true
  const url = parseAddress('baseUrl', baseUrl, { allowInsecure, isBase: true })
  const base = url.href.slice(0, -1)
  const context: OAuthContext = {
    locate: locateServer({
      endpoints: {
        tokenEndpoint: new URL(`${base}/v1/auth/token`),
        revocationEndpoint: new URL(`${base}/v1/auth/revoke`),
      },
      allowInsecure,
    }),
    client: { client_id: clientId },
    authentication: kind.authentication,
    parameters: new URLSearchParams(),
    secrets: () => kind.secrets,
    now: () => clock.now(),
  }
  const scopes = { session: kind.sessionScope, bare: kind.bareScope }
  const fetch = ownFetch(options)
  const managerOptions = {
    ...options,
    fetch,
    origin: url.origin,
    store: chooseStore(options, (own) => sdkTokenStore(own, scopes, context.now)),
    name:
      options.name ??
      sessionName(base, [
        ['client_id', clientId],
        ['username', kind.username],
      ]),
  }
  const revocation: Revocation = {
    tell: (ended) => revokeSession(context, ended, { fetch }),
    renew: (refreshToken) =>
      refreshTokens(context, refreshToken, { fetch }, { authentication: None() }),
  }
  return {
    context,
    managerOptions,
    refresh: refreshGrant(context, { authentication: None() }),
    revocation,
  }
}

function chooseStore(
  { store, tokenStore }: SharetribeOptions,
  adapt: (own: SharetribeTokenStore) => NonNullable<SharetribeOptions['store']>,
) {
  if (tokenStore === undefined) return store ?? memoryStore()
  if (store !== undefined) throw invalidOption('`store` and `tokenStore` cannot be used together.')
  return adapt(tokenStore)
}

/** Revokes at the server, which needs the session's own access token. Skips an anonymous session, which just expires. */
async function revokeSession(
  context: OAuthContext,
  { accessToken, refreshToken }: TokenSet,
  exchange: Exchange,
): Promise<boolean> {
  if (refreshToken === undefined) return true
  const authorize: ClientAuth = (_server, _client, _body, headers) =>
    headers.set('authorization', `Bearer ${accessToken}`)
  const response = await sendRevocation(context, refreshToken, exchange, {}, authorize)
  const body = await response.text()
  const { ok, status } = response
  if (ok || (status === 401 && !isForeignAnswer(response, body))) return ok
  throw notRevoked(response, body, [accessToken, refreshToken])
}
