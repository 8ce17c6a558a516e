import {
  createTokenManager,
  GrantRejectedError,
  bearer,
  type TokenManager,
  type TokenSet,
  type TokenStore,
} from '../../src/index.ts'
import { fakeClock, jwt, ORIGIN } from './harness.ts'

/** How long an access token lives, in milliseconds. */
export const LIFE_MS = 60_000

/** What the server does with a refresh token. */
export type Mood = 'ok' | 'rejected' | 'unavailable' | 'never'

/** What can be held up, to go on when a story says so. */
export type Step = 'get' | 'set' | 'remove' | 'grant' | 'tell'

/** Two managers on one store with a lock and with events, every step of which can be held up. */
export function sharedWorld(hasCredentials: boolean) {
  const clock = fakeClock()
  const held = new Set<Step>()
  let waiting: (() => void)[] = []
  let mood: Mood = 'ok'
  let serial = 0
  let stored: TokenSet | undefined
  const refreshTokens = new Map<string, string>()
  const dead = new Set<string>()

  /** Comes to it at once, or when the story says so. */
  const reach = (step: Step): Promise<void> | undefined =>
    held.has(step) ? new Promise((resolve) => waiting.push(resolve)) : undefined

  function issue(user: string): TokenSet {
    serial += 1
    const refreshToken = `r${serial}`
    refreshTokens.set(refreshToken, user)
    const accessToken = jwt({ sub: user, jti: serial })
    return { accessToken, refreshToken, expiresAt: clock.now() + LIFE_MS }
  }

  const listeners = new Map<number, () => void>()
  let turn: Promise<unknown> = Promise.resolve()

  function storeOf(manager: number): TokenStore {
    const put = (tokens: TokenSet | undefined) => {
      stored = tokens
      for (const [other, listener] of listeners) {
        if (other !== manager) void Promise.resolve(reach('tell')).then(listener)
      }
    }
    return {
      async getToken() {
        const seen = stored
        await reach('get')
        return seen
      },
      async setToken(tokens) {
        await reach('set')
        put(tokens)
      },
      async removeToken() {
        await reach('remove')
        put(undefined)
      },
      lock(_name, run) {
        const mine = turn.then(run)
        turn = mine.catch(() => undefined)
        return mine
      },
      subscribe(_name, listener) {
        listeners.set(manager, listener)
        return () => listeners.delete(manager)
      },
    }
  }

  async function refresh({ tokens }: { tokens?: TokenSet }): Promise<TokenSet | undefined> {
    const presented = tokens?.refreshToken
    if (presented === undefined) return undefined
    const inMood = mood
    await reach('grant')
    if (inMood === 'never') await new Promise(() => undefined)
    if (inMood === 'unavailable') throw new Error('down')
    const user = refreshTokens.get(presented)
    if (inMood === 'rejected' || user === undefined) throw new GrantRejectedError('no')
    refreshTokens.delete(presented)
    return issue(user)
  }

  /** Signs in as a configured user. */
  async function signIn(): Promise<TokenSet | undefined> {
    if (!hasCredentials) return undefined
    await reach('grant')
    return issue('user 0')
  }

  const make = (manager: number): TokenManager =>
    createTokenManager({
      origin: ORIGIN,
      scheme: bearer(),
      name: 'me',
      store: storeOf(manager),
      grants: [
        { name: 'refresh token', request: refresh },
        { name: 'sign-in', request: signIn },
      ],
      clock,
      renewTimeoutMs: 10_000,
    })

  return {
    clock,
    issue,
    managers: [make(0), make(1)] as const,
    stored: () => stored,
    fill: (tokens: TokenSet) => void (stored = tokens),
    revoke(tokens: Iterable<string>) {
      for (const token of tokens) dead.add(token)
    },
    isLive: (token: string) => !dead.has(token),
    setMood: (next: Mood) => void (mood = next),
    hold: (step: Step) => void held.add(step),
    letGo: () => held.clear(),
    /** Lets one of what is held go on. */
    go: (which: number) => waiting.splice(which % Math.max(1, waiting.length), 1)[0]?.(),
    goAll() {
      const all = waiting
      waiting = []
      for (const go of all) go()
      return all.length > 0
    },
  }
}

/** Whom a token, or a header with one, names. */
export function userOf(text: string | undefined): string | undefined {
  const payload = text?.split('.')[1]
  if (payload === undefined) return undefined
  return (JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as { sub: string })
    .sub
}
