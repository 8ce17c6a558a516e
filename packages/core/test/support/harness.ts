import { Buffer } from 'node:buffer'
import {
  bearer,
  createTokenManager,
  type Grant,
  type GrantContext,
  type ManagerEvents,
  type TokenManager,
  type TokenManagerOptions,
  type TokenSet,
} from '../../src/index.ts'
import type { Authorization } from '../../src/adapter.ts'

export const ORIGIN = 'https://api.test'

/** A clock that stands until a test moves it. */
export function fakeClock(startAt = 1_700_000_000_000) {
  let now = startAt
  return {
    now: () => now,
    pass(ms: number) {
      now += ms
    },
  }
}

/** An unsigned JWT with these claims; the manager never verifies one. */
export function jwt(claims: unknown): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'none' })}.${part(claims)}.x`
}

type Answer = TokenSet | undefined | Error

/** A grant that answers what a test tells it to, when the test tells it to. */
export function scriptedGrant(name = 'refresh token') {
  const contexts: GrantContext[] = []
  const waiting: ((settled: Answer) => void)[] = []
  const watching = new Map<number, PromiseWithResolvers<void>>()
  let respond: ((call: number, context: GrantContext) => Answer | Promise<Answer>) | undefined
  let count = 0
  const watch = (call: number) => {
    const watched = watching.get(call) ?? Promise.withResolvers<void>()
    watching.set(call, watched)
    return watched
  }
  const grant: Grant = {
    name,
    async request(context) {
      contexts.push(context)
      count += 1
      watch(count).resolve()
      const answered = respond
        ? await respond(count, context)
        : await new Promise<Answer>((resolve) => waiting.push(resolve))
      if (answered instanceof Error) throw answered
      return answered
    },
  }
  return {
    grant,
    contexts,
    calls: () => count,
    /** Resolves when the grant is asked for the `call`th time, or at once if it was. */
    asked: (call = 1) => watch(call).promise,
    /** From now on every request is answered so, at once. */
    answer(by: (call: number, context: GrantContext) => Answer | Promise<Answer>) {
      respond = by
    },
    /** Answers the oldest request that waits. */
    settle(by: Answer) {
      waiting.shift()?.(by)
    },
    /** Every request gets a token set of its own: a1/r1, a2/r2, … */
    answerTokens(more: (call: number) => Partial<TokenSet> = () => ({})) {
      respond = (call) => ({ accessToken: `a${call}`, refreshToken: `r${call}`, ...more(call) })
    },
  }
}

/** A manager with a scripted grant, a standing clock and a record of its events. */
export function harness(options: Partial<TokenManagerOptions> = {}) {
  const clock = fakeClock()
  const scripted = scriptedGrant()
  const manager = createTokenManager({
    origin: ORIGIN,
    scheme: bearer(),
    grants: [scripted.grant],
    clock,
    ...options,
  })
  return { manager, clock, scripted, events: recordEvents(manager) }
}

export type EventRecord = { [Name in keyof ManagerEvents]: ManagerEvents[Name][] }

export function recordEvents(manager: TokenManager): EventRecord {
  const events: EventRecord = {
    changed: [],
    renewing: [],
    renewed: [],
    renewalFailed: [],
    retried: [],
    signedOut: [],
    storeFailed: [],
  }
  manager.on('changed', (event) => events.changed.push(event))
  manager.on('renewing', (event) => events.renewing.push(event))
  manager.on('renewed', (event) => events.renewed.push(event))
  manager.on('renewalFailed', (event) => events.renewalFailed.push(event))
  manager.on('retried', (event) => events.retried.push(event))
  manager.on('signedOut', (event) => events.signedOut.push(event))
  manager.on('storeFailed', (event) => events.storeFailed.push(event))
  return events
}

export const request = (path = '/items', method = 'GET') => ({ url: `${ORIGIN}${path}`, method })

export async function authorize(manager: TokenManager, path?: string): Promise<Authorization> {
  return manager.authorize(request(path))
}

/** A response as an adapter would hand it over. */
export function answer(status: number, body = '', url = `${ORIGIN}/items`) {
  return { status, headers: new Headers(), url, text: () => Promise.resolve(body) }
}

/** The header an authorization adds. */
export const sent = (authorization: Authorization | undefined): string | undefined =>
  authorization?.headers['authorization']

/** The next event of this name. Call it before the event can happen, and await it after. */
export function next<Name extends keyof ManagerEvents>(
  manager: TokenManager,
  name: Name,
): Promise<ManagerEvents[Name]> {
  return new Promise((resolve) => {
    const off = manager.on(name, (event) => {
      off()
      resolve(event)
    })
  })
}

/** The real one, although tests replace the timers. */
const { setImmediate: afterThisTurn } = globalThis

/**
 * Resolves when everything has run that waits neither for time nor for a test. Only for tests that state that nothing
 * happens, or that compare the world with a model after each step. To wait for something that happens, await it:
 * `scripted.asked()`, `next()`, or the promise of the call.
 */
export const settled = () => new Promise<void>((resolve) => void afterThisTurn(resolve))

/** What `promise` rejects with. */
export async function failure(promise: unknown): Promise<Error & { code?: string }> {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  throw new Error('expected a rejection')
}

/** A manager that already holds a token, a1 with r1, for one hour. */
export async function signedIn(options: Partial<TokenManagerOptions> = {}) {
  const made = harness(options)
  const expiresAt = made.clock.now() + 3_600_000
  made.scripted.answer(() => ({ accessToken: 'a1', refreshToken: 'r1', expiresAt }))
  await authorize(made.manager)
  return made
}
