import { clockFunction, positive, wholeSeconds } from '../double/option-checks.ts'
import { randomText } from '../double/random.ts'

/** Place of a token in an answer: a field of its JSON, with dots between levels, or a cookie. */
export type JwtPlace =
  | string
  | {
      /** The cookie's name. */
      cookie: string
    }

/** The user of an accepted request. */
export interface JwtCaller {
  /** The signed-in user. */
  readonly username: string
}

/**
 * Options of the double. Paths and places have the same names as in `jwtSession()`, so that both can get the same
 * object. All have defaults.
 */
export interface JwtDoubleOptions {
  /** Path of the sign-in. Default `'/auth/login'`. */
  signIn?: string
  /** Path of the renewal. Default `'/auth/refresh'`. `false`: without renewal and refresh token. */
  refresh?: string | false
  /** Path of the sign-out. Default `'/auth/logout'`. */
  signOut?: string
  /** The field of the sign-in that names the user. Default `'email'`. */
  usernameField?: string
  /** The field of the sign-in with the password. Default `'password'`. */
  passwordField?: string
  /** Place of the access token in an answer. Default: the field `'access_token'`. */
  token?: JwtPlace
  /**
   * Place of the refresh token in an answer. Default: the field `'refresh_token'`. Clients send it in the same cookie,
   * or else in the field of the same name or as bearer token.
   */
  refreshToken?: JwtPlace
  /** The field with the lifetime of the access token, in seconds. Default `'expires_in'`. `false`: not in the answer. */
  expiresIn?: string | false
  /** The header that carries the access token. Default `'authorization'`, after `Bearer`. */
  header?: string
  /** Lifetime of an access token in ms, whole seconds. Default 900 000 (15 min). */
  accessTokenLifetimeMs?: number
  /** Lifetime of a refresh token in ms, > 0. Each renewal starts it anew. Default 2 592 000 000 (30 days). */
  refreshTokenLifetimeMs?: number
  /**
   * `'rotate'` (default): each renewal returns the next refresh token, and a used one that is sent again ends the
   * session. `'keep'`: one refresh token works until it expires.
   */
  refreshTokens?: 'rotate' | 'keep'
  /** For how long after its use a refresh token is still accepted, in ms. Default 0. */
  reuseGraceMs?: number
  /**
   * Whether the API checks the session at each request. Default true. False: an access token works until it
   * expires, even if its session has ended.
   */
  checksSessions?: boolean
  /** Answers the API's requests, once their token has been accepted. Default: JSON that repeats the request. */
  api?: (request: Request, caller: JwtCaller) => Response | Promise<Response>
  /** The key that signs access tokens, so that a test can forge some. Default: random. Never shown. */
  jwtSecret?: string
  /** The double's clock, epoch ms; default `Date.now`. `control.passTime()` adds to it. */
  now?: () => number
}

/** The options with defaults. */
export type JwtSettings = Required<JwtDoubleOptions>

/** @returns the options with defaults. @throws TypeError that names a wrong option and its rule. */
export function jwtSettings(options: JwtDoubleOptions): JwtSettings {
  const { signIn = '/auth/login', refresh = '/auth/refresh', signOut = '/auth/logout' } = options
  const paths = { signIn: path('signIn', signIn), signOut: path('signOut', signOut) }
  const { refreshTokens = 'rotate', reuseGraceMs = 0 } = options
  if (refreshTokens !== 'rotate' && refreshTokens !== 'keep') {
    throw new TypeError(`refreshTokens must be 'rotate' or 'keep', got ${String(refreshTokens)}`)
  }
  if (reuseGraceMs !== 0) positive('reuseGraceMs', reuseGraceMs)
  const { accessTokenLifetimeMs = 900_000, refreshTokenLifetimeMs = 2_592_000_000 } = options
  return {
    ...paths,
    refresh: refresh !== false && path('refresh', refresh),
    usernameField: options.usernameField ?? 'email',
    passwordField: options.passwordField ?? 'password',
    token: options.token ?? 'access_token',
    refreshToken: options.refreshToken ?? 'refresh_token',
    expiresIn: options.expiresIn ?? 'expires_in',
    header: (options.header ?? 'authorization').toLowerCase(),
    accessTokenLifetimeMs: wholeSeconds('accessTokenLifetimeMs', accessTokenLifetimeMs),
    refreshTokenLifetimeMs: positive('refreshTokenLifetimeMs', refreshTokenLifetimeMs),
    refreshTokens,
    reuseGraceMs,
    checksSessions: options.checksSessions ?? true,
    api: options.api ?? echo,
    jwtSecret: options.jwtSecret ?? randomText(43),
    now: clockFunction(options.now ?? (() => Date.now())),
  }
}

/** `jwtSession()` takes paths without the first slash, too. */
function path(name: string, given: string): string {
  if (typeof given !== 'string' || /[?#]|^$/.test(given)) {
    throw new TypeError(`${name} must be a path, got ${given}`)
  }
  return given.startsWith('/') ? given : `/${given}`
}

function echo({ method, url }: Request, caller: JwtCaller): Response {
  return Response.json({ method, path: new URL(url).pathname, ...caller })
}
