import { clockFunction, positive, wholeSeconds } from '../double/option-checks.ts'

/** The user, client and rights of an accepted request. */
export interface ApiCaller {
  /** The user, or the client itself after client credentials. */
  readonly sub: string
  /** The client that the token was issued to. */
  readonly clientId: string
  /** The granted scopes. */
  readonly scope: readonly string[]
  /** How strongly the user signed in, if the sign-in asked for it by `acr_values`. */
  readonly acr: string | undefined
  /** The resource that the token was asked for (RFC 8707). */
  readonly audience: string | undefined
}

/** Options of the double. All have defaults. */
export interface OAuthDoubleOptions {
  /** Lifetime of an access token in ms, whole seconds. Default 3 600 000 (1 h). */
  accessTokenLifetimeMs?: number
  /** Lifetime of a refresh token in ms, > 0. Each renewal starts it anew. Default 1 209 600 000 (14 days). */
  refreshTokenLifetimeMs?: number
  /** Lifetime of a device code in ms, whole seconds. Default 600 000. */
  deviceCodeLifetimeMs?: number
  /**
   * How long a device waits between two polls, in ms, > 0. A device that asks earlier, by the double's clock,
   * gets `slow_down`. Default 5000, as in RFC 8628; a test that signs a device in should use 10.
   */
  devicePollIntervalMs?: number
  /**
   * `'rotate'` (default): each renewal returns the next refresh token, and a used one that is sent again ends the
   * session, its access tokens included. `'keep'`: one refresh token works until it expires.
   */
  refreshTokens?: 'rotate' | 'keep'
  /** For how long after its use a refresh token is still accepted, in ms. Default 0. */
  reuseGraceMs?: number
  /** Whether every token request and every API request needs a DPoP proof. Default false: proofs are optional. */
  requireDpop?: boolean
  /** Whether a DPoP proof needs the server's nonce (RFC 9449, sections 8 and 9). Default false. */
  requireDpopNonce?: boolean
  /** The scopes that the server knows. It does not grant others. */
  scopes?: readonly string[]
  /** Path of the issuer, such as `/realms/one`. Default `''`: the issuer is the origin of the request. */
  issuerPath?: string
  /** Answers the API's requests, once their token has been accepted. Default: JSON that repeats the request. */
  api?: (request: Request, caller: ApiCaller) => Response | Promise<Response>
  /** The double's clock, epoch ms; default `Date.now`. `control.passTime()` adds to it. */
  now?: () => number
}

/** The options with defaults. */
export type OAuthSettings = Required<OAuthDoubleOptions>

const standardScopes = ['openid', 'profile', 'email', 'offline_access', 'read', 'write']

/** @returns the options with defaults. @throws TypeError that names a wrong option and its rule. */
export function oauthSettings(options: OAuthDoubleOptions): OAuthSettings {
  const { refreshTokens = 'rotate', issuerPath = '', devicePollIntervalMs = 5000 } = options
  const { reuseGraceMs = 0 } = options
  if (refreshTokens !== 'rotate' && refreshTokens !== 'keep') {
    throw new TypeError(`refreshTokens must be 'rotate' or 'keep', got ${String(refreshTokens)}`)
  }
  if (issuerPath !== '' && !/^(\/[^/?#]+)+$/.test(issuerPath)) {
    throw new TypeError(`issuerPath must be a path without a slash at its end, got ${issuerPath}`)
  }
  if (reuseGraceMs !== 0) positive('reuseGraceMs', reuseGraceMs)
  const { accessTokenLifetimeMs = 3_600_000, refreshTokenLifetimeMs = 1_209_600_000 } = options
  const { deviceCodeLifetimeMs = 600_000 } = options
  return {
    accessTokenLifetimeMs: wholeSeconds('accessTokenLifetimeMs', accessTokenLifetimeMs),
    refreshTokenLifetimeMs: positive('refreshTokenLifetimeMs', refreshTokenLifetimeMs),
    deviceCodeLifetimeMs: wholeSeconds('deviceCodeLifetimeMs', deviceCodeLifetimeMs),
    devicePollIntervalMs: positive('devicePollIntervalMs', devicePollIntervalMs),
    refreshTokens,
    reuseGraceMs,
    requireDpop: options.requireDpop ?? false,
    requireDpopNonce: options.requireDpopNonce ?? false,
    scopes: options.scopes ?? standardScopes,
    issuerPath,
    api: options.api ?? echo,
    now: clockFunction(options.now ?? (() => Date.now())),
  }
}

function echo({ method, url }: Request, caller: ApiCaller): Response {
  return Response.json({ method, path: new URL(url).pathname, ...caller })
}
