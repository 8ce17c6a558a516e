import { decode, sign, verify } from 'hono/jwt'
import { createClock, type DoubleClock } from '../double/clock.ts'
import { randomText } from '../double/random.ts'
import type { Spendable } from '../double/spend.ts'
import type { JwtSettings } from './jwt-options.ts'

/** What one sign-in started. All its tokens end with it. */
export interface JwtUserSession {
  readonly id: string
  readonly username: string
  /** Access tokens of an older generation have been revoked. */
  generation: number
  isOver: boolean
}

interface StoredRefreshToken extends Spendable {
  readonly session: JwtUserSession
  readonly expiresAt: number
}

/** Everything one double knows. Its routes read and change this, and nothing else. */
export interface JwtWorld extends DoubleClock {
  readonly settings: JwtSettings
  /** Passwords by username: never hand them out. */
  readonly users: Map<string, string>
  readonly sessions: Map<string, JwtUserSession>
  readonly refreshTokens: Map<string, StoredRefreshToken>
  /** Why a request was refused, for the log. */
  readonly refusals: WeakMap<Request, string>
}

export function createJwtWorld(settings: JwtSettings): JwtWorld {
  return {
    ...createClock(settings.now),
    settings,
    users: new Map(),
    sessions: new Map(),
    refreshTokens: new Map(),
    refusals: new WeakMap(),
  }
}

export function openSession({ sessions }: JwtWorld, username: string): JwtUserSession {
  const session = { id: randomText(21), username, generation: 0, isOver: false }
  sessions.set(session.id, session)
  return session
}

/** What a session is given: an access token, and where there is a renewal a refresh token. */
export interface JwtTokens {
  readonly accessToken: string
  readonly refreshToken: string | undefined
}

export async function issueJwtTokens(
  world: JwtWorld,
  session: JwtUserSession,
  keptRefreshToken?: string,
): Promise<JwtTokens> {
  const { settings } = world
  const iat = Math.floor(world.now() / 1000)
  const claims = {
    sub: session.username,
    sid: session.id,
    generation: session.generation,
    jti: randomText(8),
    iat,
    exp: iat + settings.accessTokenLifetimeMs / 1000,
  }
  const accessToken = await sign(claims, settings.jwtSecret, 'HS256')
  return { accessToken, refreshToken: keptRefreshToken ?? newRefreshToken(world, session) }
}

function newRefreshToken(world: JwtWorld, session: JwtUserSession): string | undefined {
  if (world.settings.refresh === false) return undefined
  const value = randomText(43)
  const expiresAt = world.now() + world.settings.refreshTokenLifetimeMs
  world.refreshTokens.set(value, { session, expiresAt, usedAt: undefined })
  return value
}

/** What the double says to a token that it does not accept. */
type Refusal = 'invalid token' | 'jwt expired'

/** @returns the session of an access token, or why it is refused. Its end is looked at where sessions are checked. */
export async function sessionOf(world: JwtWorld, token: string): Promise<JwtUserSession | Refusal> {
  const session = await signedSession(world, token)
  if (!session) return 'invalid token'
  const { exp = 0, generation } = decode(token).payload
  if (world.now() >= exp * 1000) return 'jwt expired'
  const isDead =
    generation !== session.generation || (world.settings.checksSessions && session.isOver)
  return isDead ? 'invalid token' : session
}

/** @returns the session that a token was signed for, be the token expired or revoked. */
export async function signedSession(
  { settings, sessions }: JwtWorld,
  token: string,
): Promise<JwtUserSession | undefined> {
  const options = { alg: 'HS256', exp: false, iat: false, nbf: false } as const
  try {
    const { sid } = await verify(token, settings.jwtSecret, options)
    return sessions.get(String(sid))
  } catch {
    return undefined
  }
}
