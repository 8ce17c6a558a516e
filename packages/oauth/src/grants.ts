import { type Grant, GrantRejectedError, type TokenSet } from '@latchkey/core'
import type { ClientAuth } from 'oauth4webapi'
import type { Exchange } from './sending.ts'
import { type OAuthContext, requestTokens, type TokenRequest } from './token-endpoint.ts'

/** A user's name and password, for the resource-owner password grant. */
export interface UserCredentials {
  /** The user's name, usually an e-mail address. */
  username: string
  /** The user's password. */
  password: string
}

/** The details of a refresh that differ from other grants. */
export interface RefreshOptions {
  /** The client authentication of a refresh, if the server needs another one for it. */
  authentication?: ClientAuth
  /** The scope to send. Default: none, so that the session's scope stays. */
  scope?: string | undefined
  /** The token set to renew. */
  tokens?: TokenSet | undefined
}

/**
 * Exchanges the refresh token for a new token set (RFC 6749 section 6). An answer without a refresh
 * token leaves the old one in use.
 */
export function refreshGrant(context: OAuthContext, options?: RefreshOptions): Grant {
  return {
    name: 'refresh token',
    missing: 'there is none',
    async request({ tokens, ...exchange }) {
      const refreshToken = tokens?.refreshToken
      const refreshExpiresAt = tokens?.refreshExpiresAt ?? Infinity
      if (!refreshToken) return undefined
      if (refreshExpiresAt <= context.now()) {
        throw new GrantRejectedError('The refresh token has expired.', { code: REFRESH_REJECTED })
      }
      const renewed = await refreshTokens(context, refreshToken, exchange, { ...options, tokens })
      // Values that the server does not repeat have not changed.
      const { idToken, scope } = tokens
      return { ...(idToken && { idToken }), ...(scope && { scope }), ...renewed }
    },
  }
}

const REFRESH_REJECTED = 'ERR_REFRESH_TOKEN_REJECTED'

/** Sends one refresh. @throws `GrantRejectedError` with `ERR_REFRESH_TOKEN_REJECTED`, as requestTokens(). */
export function refreshTokens(
  context: OAuthContext,
  refreshToken: string,
  exchange: Exchange,
  { authentication = context.authentication, scope, tokens }: RefreshOptions = {},
): Promise<TokenSet> {
  const request = {
    action: 'exchange the refresh token',
    grantType: 'refresh_token',
    parameters: { refresh_token: refreshToken, ...(scope !== undefined && { scope }) },
    rejection: REFRESH_REJECTED,
    hint: 'It has expired, was revoked, or was used by another manager or program, which must not share a refresh token. For several APIs use one manager with `audiences`.',
    secrets: [refreshToken],
    authentication,
    renewing: tokens,
  }
  return requestTokens(context, request, exchange)
}

/** Obtains a token set for the client itself (RFC 6749 section 4.4). A rejection never ends a session. */
export function clientCredentialsGrant(
  context: OAuthContext,
  scope: string | undefined,
  name = 'client credentials',
): Grant {
  return {
    name,
    request: (exchange) =>
      requestTokens(
        context,
        {
          action: 'issue a token to this client',
          grantType: 'client_credentials',
          parameters: scope === undefined ? {} : { scope },
          secrets: [],
        },
        exchange,
      ),
  }
}

/**
 * Signs a user in by password (RFC 6749 section 4.3, gone in OAuth 2.1). Applies when the credentials
 * are known.
 */
export function passwordGrant(
  context: OAuthContext,
  credentials: () => UserCredentials | undefined,
  scope: string | undefined,
): Grant {
  return {
    name: 'username and password',
    missing: 'they are not given, nor is `clientCredentials`',
    async request(exchange) {
      const known = credentials()
      return known && signInWith(context, known, scope, exchange)
    },
  }
}

/** Sends one sign-in. @throws `GrantRejectedError` with `ERR_WRONG_CREDENTIALS`, and as requestTokens(). */
export function signInWith(
  context: OAuthContext,
  { username, password }: UserCredentials,
  scope: string | undefined,
  { onAnswer, ...exchange }: Exchange & Pick<TokenRequest, 'onAnswer'>,
): Promise<TokenSet> {
  const request = {
    onAnswer,
    action: 'sign in with this username and password',
    grantType: 'password',
    parameters: { username, password, ...(scope !== undefined && { scope }) },
    rejection: 'ERR_WRONG_CREDENTIALS',
    secrets: [password],
  }
  return requestTokens(context, request, exchange)
}
