import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'

/** What lasts from a sign-in to a sign-out. */
export interface Session {
  readonly id: string
  readonly user: string
  readonly scopes: readonly string[]
}

export interface Sessions {
  open(user: string, scopes: readonly string[]): { session: Session; refreshToken: string }
  /**
   * Takes a refresh token, once: the answer holds the next one. A token that was taken before has been in
   * two hands, and nobody knows whose is the thief's, so its session ends (RFC 9700 section 4.14.2).
   */
  rotate(refreshToken: string): { session: Session; refreshToken: string } | undefined
  /** Ends a session: its refresh token is dead, and so are its access tokens. */
  end(id: string): void
  isOpen(id: string): boolean
}

interface Kept {
  session: Session
  /** Only a digest of the refresh token is kept, so that who reads the database has no token. */
  digest: Buffer
  expiresAt: number
}

const digestOf = (text: string) => createHash('sha256').update(text).digest()

/** Sessions in memory. In earnest they are a table, and `rotate` one conditional UPDATE. */
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
