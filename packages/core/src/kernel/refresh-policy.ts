import { readJwtTimes } from '../jwt.ts'
import type { TokenSet } from '../token-set.ts'

/** How long before expiry the renewal starts when nothing is said, in milliseconds. */
export const RENEW_AHEAD_MS = 60_000
/** The window never takes more than this share of a token's life: a 10-second token is not renewed on every call. */
const MAX_SHARE = 0.2

/** How long a failed renewal is not tried again, and a refused fresh token not renewed, in milliseconds. */
export const COOL_DOWN_MS = 2_000
/** A server that refuses one fresh token after the other is asked ever more rarely, down to this. */
export const MAX_COOL_DOWN_MS = 60_000

/** One token set in use. `Infinity`: never, as far as we know. */
export interface Session {
  readonly tokens: TokenSet
  /** Counts this manager's renewals: tells which token a request carried. */
  readonly generation: number
  /** Counts this manager's sessions: tells whose token a request carried. */
  readonly epoch: number
  readonly expiresAt: number
  /** Not before this instant is a renewal worth starting. */
  renewAt: number
  /** The server answered that this token is no good. */
  rejected: boolean
  /** Given by a static grant: there is nothing to renew. */
  readonly static: boolean
  /** What a static scheme makes of it, once it was asked. */
  headers?: Readonly<Record<string, string>>
}

/**
 * When a token just received expires, in epoch milliseconds; `undefined` when nobody knows.
 *
 * A JWT's life (`exp - iat`) is counted from now, so a wrong local clock does no harm. Its instants
 * are whole seconds, so up to one second of that life has passed unseen: what the clock shows of it
 * is taken off, and the whole second when the clock cannot be right. An instant already past is not
 * believed: a fresh token that looks expired is the server's to judge.
 */
export function expiryOnReceipt(tokens: TokenSet, now: number): number | undefined {
  let { expiresAt } = tokens
  if (expiresAt === undefined) {
    const times = readJwtTimes(tokens.accessToken)
    expiresAt = times.expiresAt
    if (expiresAt !== undefined && times.issuedAt !== undefined) {
      const age = now - times.issuedAt
      expiresAt = now + expiresAt - times.issuedAt - (age >= 0 && age <= 1000 ? age : 1000)
    }
  }
  return expiresAt !== undefined && expiresAt > now ? expiresAt : undefined
}

/**
 * When a token handed over by the caller expires: nobody knows how old it is, so its `exp` counts where
 * the clock can be right about it, and its life from now otherwise.
 */
export function expiryOfGiven(tokens: TokenSet, now: number): number | undefined {
  const said = expiryFromStore(tokens)
  const counted = expiryOnReceipt(tokens, now)
  return said !== undefined && said > now ? Math.min(said, counted ?? said) : counted
}

/** When a token from a store expires: nobody knows when it was received, so only its instants count. */
export function expiryFromStore(tokens: TokenSet): number | undefined {
  return tokens.expiresAt ?? readJwtTimes(tokens.accessToken).expiresAt
}

/** When to start renewing a token that expires at `expiresAt`, seen first at `now`. */
export function renewalInstant(expiresAt: number, now: number, renewAheadMs: number): number {
  return expiresAt - Math.min(renewAheadMs, (expiresAt - now) * MAX_SHARE)
}

/** Whether requests may still go out with this session's token. */
export function isUsable(session: Session | undefined, now: number): session is Session {
  return session !== undefined && !session.rejected && now < session.expiresAt
}
