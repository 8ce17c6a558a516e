/** Tokens carry this, so that one that is printed is found. */
const CANARY = 'CANARY-7f3a'

/** One user's session, and the tokens that count at the moment. */
export interface Family {
  user: string
  generation: number
  accessToken: string
  expiresAt: number
  refreshToken: string
}

/** What the server has seen. */
interface TabsCounts {
  renewals: number
  /** How often a refresh token was presented that had been spent before. */
  spentAgain: number
}

/** Renewals that wait inside the server, before anything is done. */
export interface HeldRenewals {
  /** The first has arrived. */
  whenWaiting: Promise<void>
  /** Somebody who waited has closed the connection: what they asked for is not done. */
  whenGone: Promise<void>
  release(): void
}

/** A client's connection, as far as a renewal cares. */
interface Connection {
  readonly destroyed: boolean
  once(event: 'close', listener: () => void): unknown
}

/**
 * Hands out single-use refresh tokens, as strict as servers get: who presents one twice is signed out.
 * With `strict: false` the second is only refused, as by NocoDB.
 */
export function createAuthority() {
  const families = new Map<string, Family>()
  const spent = new Map<string, Family>()
  const counts: TabsCounts = { renewals: 0, spentAgain: 0 }
  let held: { arrived(): void; gone(): void; released: Promise<void> } | undefined

  const authority = {
    counts,
    /** How long access tokens live that are issued from now on, in milliseconds. */
    lifeMs: 3_600_000,
    strict: true,
    issue(user: string, generation = 1): Family {
      const token = (kind: string) => `${CANARY}-${kind}-${user}-${crypto.randomUUID()}`
      const expiresAt = Date.now() + authority.lifeMs
      const [accessToken, refreshToken] = [token('access'), token('refresh')]
      const family = { user, generation, accessToken, refreshToken, expiresAt }
      families.set(user, family)
      return family
    },
    /** The next generation; undefined: refused, or nobody is there any more to take it. */
    async renew(refreshToken: string, connection: Connection): Promise<Family | undefined> {
      if (held) connection.once('close', held.gone)
      held?.arrived()
      await held?.released
      if (connection.destroyed) return undefined
      const victim = spent.get(refreshToken)
      if (victim) {
        counts.spentAgain += 1
        if (authority.strict) families.delete(victim.user)
        return undefined
      }
      const family = [...families.values()].find((one) => one.refreshToken === refreshToken)
      if (!family) return undefined
      spent.set(refreshToken, family)
      counts.renewals += 1
      return authority.issue(family.user, family.generation + 1)
    },
    /** Whose access token it is; undefined: nobody's, or it has expired. */
    userOf(accessToken: string): string | undefined {
      const family = [...families.values()].find((one) => one.accessToken === accessToken)
      return family && Date.now() < family.expiresAt ? family.user : undefined
    },
    /** Access tokens answer 401 from now on; refresh tokens still work. */
    expireAll(): void {
      for (const family of families.values()) family.expiresAt = 0
    },
    holdRenewals(): HeldRenewals {
      const [waiting, leaving, releasing] = [signal(), signal(), signal()]
      held = { arrived: waiting.resolve, gone: leaving.resolve, released: releasing.promise }
      const release = () => {
        held = undefined
        releasing.resolve()
      }
      return { whenWaiting: waiting.promise, whenGone: leaving.promise, release }
    },
  }
  return authority
}

const signal = () => Promise.withResolvers<void>()
