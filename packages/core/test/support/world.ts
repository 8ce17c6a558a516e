import { GrantRejectedError, memoryStore, type TokenSet } from '../../src/index.ts'
import { fakeClock } from './harness.ts'

/** How the server takes the next renewal. */
export type Mood = 'ok' | 'rejected' | 'unavailable' | 'slow' | 'never'

/** How long an access token lives, in milliseconds. */
export const LIFE_MS = 10_000

/** A server with single-use refresh tokens, and everything that can be said about what it saw. */
export function newWorld() {
  const clock = fakeClock()
  const access = new Map<string, { user: number; isLive: boolean }>()
  const refresh = new Map<string, { user: number; successorKnown: boolean }>()
  const violations: string[] = []
  let serial = 0
  let flying = 0
  let mood: Mood = 'ok'
  let waiting: (() => void)[] = []
  let storeFails = false

  function issue(user: number): TokenSet {
    serial += 1
    const tokens = { accessToken: `a${serial}-u${user}`, refreshToken: `r${serial}-u${user}` }
    access.set(tokens.accessToken, { user, isLive: true })
    refresh.set(tokens.refreshToken, { user, successorKnown: false })
    return { ...tokens, expiresAt: clock.now() + LIFE_MS }
  }

  const inner = memoryStore()
  const guard = () => {
    if (storeFails) throw new Error('store fault')
  }
  const store = {
    getToken: (name: string) => (guard(), inner.getToken(name)),
    setToken: (tokens: TokenSet, name: string) => (guard(), inner.setToken(tokens, name)),
    removeToken: (name: string) => (guard(), inner.removeToken(name)),
  }

  const grant = {
    name: 'refresh token',
    async request({ tokens, signal }: { tokens?: TokenSet; signal: AbortSignal }) {
      const presented = tokens?.refreshToken
      const known = refresh.get(presented ?? '')
      if (!presented || !known) return undefined
      if (known.successorKnown) violations.push(`${presented} was presented after its successor`)
      flying += 1
      if (flying > 1) violations.push('two renewals in flight')
      // One that was given up no longer counts, although its answer may still be on its way.
      let counted = true
      const land = () => {
        if (counted) flying -= 1
        counted = false
      }
      signal.addEventListener('abort', land)
      try {
        if (mood === 'never') await new Promise(() => undefined)
        if (mood === 'slow') await new Promise<void>((resolve) => waiting.push(resolve))
        if (mood === 'unavailable') throw new Error('down')
        if (mood === 'rejected') throw new GrantRejectedError('no')
        const next = issue(known.user)
        if (!signal.aborted) known.successorKnown = true
        return next
      } finally {
        land()
      }
    },
  }

  return {
    clock,
    grant,
    store,
    inner,
    issue,
    violations,
    user: (token: string) => access.get(token)?.user,
    status: (token: string) => (access.get(token)?.isLive ? 200 : 401),
    setMood: (next: Mood) => void (mood = next),
    failStore: (fails: boolean) => void (storeFails = fails),
    revoke: () => access.forEach((token) => void (token.isLive = false)),
    release() {
      for (const go of waiting) go()
      waiting = []
    },
  }
}

export type World = ReturnType<typeof newWorld>
