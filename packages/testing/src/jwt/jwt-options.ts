import { clockFunction, positive, wholeSeconds } from '../double/option-checks.ts'
import { randomText } from '../double/random.ts'

/** Where an answer holds a token: a field of its JSON, dots between the levels, or a cookie. */
export type JwtPlace =
  | string
  | {
      /** The cookie's name. */
      cookie: string
    }

/** What the API knows about an accepted request. */
export interface JwtCaller {
  /** Who is signed in. */
  readonly username: string
}

/**
 * How the double behaves. The paths and places are called as in `jwtSession()`, so that both can be given the
 * same object. Everything has a default.
 */
export interface JwtDoubleOptions {
  /** Path of the sign-in. Default `'/auth/login'`. */
  signIn?: string
  /** Path of the renewal. Default `'/auth/refresh'`; false: there is none, and no refresh token. */
  refresh?: string | false
  /** Path of the sign-out. Default `'/auth/logout'`. */
  signOut?: string
  /** The field of the sign-in that names the user. Default `'email'`. */
  usernameField?: string
  /** The field of the sign-in with the password. Default `'password'`. */
  passwordField?: string
  /** Where an answer holds the access token. Default: the field `'access_token'`. */
  token?: JwtPlace
  /**
   * Where an answer holds the refresh token. Default: the field `'refresh_token'`. It comes back in the same
   * cookie; or else in the field of the same name, or as bearer token.
   */
  refreshToken?: JwtPlace
  /** The field with the life of the access token, in seconds. Default `'expires_in'`; false: the answer does not say. */
  expiresIn?: string | false
  /** The header that requests carry the access token in. Default `'authorization'`, after `Bearer`. */
  header?: string
  /** Life of an access token in ms, whole seconds. Default 900 000 (15 min). */
  accessTokenLifetimeMs?: number
  /** Life of a refresh token in ms, > 0. Each renewal starts it anew. Default 2 592 000 000 (30 days). */
  refreshTokenLifetimeMs?: number
  /**
   * `'rotate'` (default): each renewal returns the next refresh token, and a used one that comes again ends
   * the session. `'keep'`: one refresh token serves until it expires.
   */
  refreshTokens?: 'rotate' | 'keep'
  /** For how long after its use a refresh token is still accepted, in ms. Default 0. */
  reuseGraceMs?: number
  /**
   * Whether the API looks a session up with each request. Default true. False: an access token is good until it
   * expires, whatever became of its session.
   */
  checksSessions?: boolean
  /** Answers the API's requests, once their token has been accepted. Default: JSON that repeats the request. */
  api?: (request: Request, caller: JwtCaller) => Response | Promise<Response>
  /** Signs the access tokens, so that a test can forge some. Default: random. Never shown. */
  jwtSecret?: string
  /** The double's clock, epoch ms; default `Date.now`. What `control.passTime()` adds comes on top. */
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
