import { clockFunction, positive, wholeSeconds } from '../double/option-checks.ts'
import { randomText } from '../double/random.ts'
import type { ServerVersion } from './server-version.ts'
import { serverVersions } from './server-version.ts'

/** Options of the double. All have defaults. */
export interface NocoDBDoubleOptions {
  /** The server version to reproduce. Default `'0.301.3'`, the newest on npm. */
  version?: ServerVersion
  /**
   * Lifetime of an access token in ms. Whole seconds from 1000 up, because the real server signs whole
   * seconds; default 36 000 000 (10 h).
   */
  accessTokenLifetimeMs?: number
  /** Lifetime of a refresh token in ms, > 0; default 2 592 000 000 (30 days). */
  refreshTokenLifetimeMs?: number
  /**
   * The double's clock, epoch ms; default `Date.now`, read at each request. `control.passTime()` adds to it.
   */
  now?: () => number
  /** The key that signs access tokens, so that a test can forge some. Default: random. Never shown. */
  jwtSecret?: string
}

export interface Settings {
  version: ServerVersion
  accessTokenLifetimeMs: number
  refreshTokenLifetimeMs: number
  now: () => number
  jwtSecret: string
}

/** @returns the options with defaults. @throws TypeError that names a wrong option and its rule. */
export function settingsFrom(options: NocoDBDoubleOptions): Settings {
  const { version = '0.301.3', jwtSecret = randomText(40) } = options
  const { refreshTokenLifetimeMs = 2_592_000_000, now = () => Date.now() } = options
  if (!serverVersions.includes(version)) {
    const known = serverVersions.map((one) => `'${one}'`).join(', ')
    throw new TypeError(`version must be one of ${known}, got ${version}`)
  }
  if (typeof jwtSecret !== 'string' || jwtSecret === '') {
    throw new TypeError('jwtSecret must be a string with at least one character')
  }
  return {
    version,
    accessTokenLifetimeMs: wholeSeconds(
      'accessTokenLifetimeMs',
      options.accessTokenLifetimeMs ?? 36_000_000,
    ),
    refreshTokenLifetimeMs: positive('refreshTokenLifetimeMs', refreshTokenLifetimeMs),
    now: clockFunction(now),
    jwtSecret,
  }
}
