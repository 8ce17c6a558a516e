import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'

/** A session lasts from a sign-in to a sign-out. */
export interface Session {
  readonly id: string
  readonly user: string
  readonly scopes: readonly string[]
}

export interface Sessions {
  open(user: string, scopes: readonly string[]): { session: Session; refreshToken: string }
  /**
   * Accepts a refresh token once, and returns the next one. If a token comes a second time, two clients
   * have it, and one may be a thief. So its session ends (RFC 9700 section 4.14.2).
   */
  rotate(refreshToken: string): { session: Session; refreshToken: string } | undefined
  /** Ends a session: its refresh token and its access tokens become invalid. */
  end(id: string): void
  isOpen(id: string): boolean
}

interface Kept {
  session: Session
  /** Keeps only a digest of the refresh token, so that a reader of the database does not get the token. */
  digest: Buffer
  expiresAt: number
}

const digestOf = (text: string) => createHash('sha256').update(text).digest()

/** Sessions in memory. In production use a table, and make `rotate` one conditional UPDATE. */
export function createSessions(lifeMs: number, now: () => number): Sessions {
  const kept = new Map<string, Kept>()

  function keep(session: Session) {
    const refreshToken = `${session.id}.${randomBytes(32).toString('base64url')}`
    const expiresAt = now() + lifeMs
    kept.set(session.id, { session, digest: digestOf(refreshToken), expiresAt })
    return { session, refreshToken }
  }

  const isOpen = (id: string) => (kept.get(id)?.expiresAt ?? 0) > now()

  return {
    open: (user, scopes) => keep({ id: randomUUID(), user, scopes }),
    rotate(refreshToken) {
      const [id = ''] = refreshToken.split('.')
      const found = kept.get(id)
      if (!found || !isOpen(id)) return undefined
      if (timingSafeEqual(found.digest, digestOf(refreshToken))) return keep(found.session)
      kept.delete(id)
      return undefined
    },
    end: (id) => void kept.delete(id),
    isOpen,
  }
}
