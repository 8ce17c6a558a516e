import { bearer, createTokenManager, type TokenManagerOptions, type TokenSet } from '@latchkey/core'
import type { Authorization } from '@latchkey/core/adapter'
import { createTimeline, type TimelineOptions } from '../../src/index.ts'

export const ORIGIN = 'https://api.test'

/** A clock that stands until a test moves it. */
function standingClock() {
  let now = 1_700_000_000_000
  return { now: () => now, pass: (ms: number) => void (now += ms) }
}

type Answer = TokenSet | Error

/** A grant that waits for `settle`, or answers what `answer` says at once. */
function scriptedGrant() {
  const waiting: ((answer: Answer) => void)[] = []
  let respond: ((call: number) => Answer) | undefined
  let calls = 0
  const watching = new Map<number, PromiseWithResolvers<void>>()
  const watch = (call: number) => {
    const watched = watching.get(call) ?? Promise.withResolvers<void>()
    watching.set(call, watched)
    return watched
  }
  return {
    grant: {
      name: 'refresh token',
      async request() {
        calls += 1
        watch(calls).resolve()
        const answer = respond?.(calls) ?? (await new Promise<Answer>((done) => waiting.push(done)))
        if (answer instanceof Error) throw answer
        return answer
      },
    },
    /** Resolves when the grant is asked for the `call`th time, or at once if it was. */
    asked: (call = 1) => watch(call).promise,
    answer: (by: (call: number) => Answer) => void (respond = by),
    answerTokens(more: () => Partial<TokenSet> = () => ({})) {
      respond = (call) => ({ accessToken: `a${call}`, refreshToken: `r${call}`, ...more() })
    },
    settle: (answer: Answer) => waiting.shift()?.(answer),
  }
}

/** A manager with a scripted grant, and a timeline on the same standing clock. */
export function scene(
  options: Partial<TokenManagerOptions> = {},
  timelineOptions: TimelineOptions = {},
) {
  const clock = standingClock()
  const scripted = scriptedGrant()
  const grants = [scripted.grant]
  const manager = createTokenManager({
    origin: ORIGIN,
    scheme: bearer(),
    grants,
    clock,
    ...options,
  })
  const timeline = createTimeline(manager, { clock, ...timelineOptions })
  return {
    manager,
    clock,
    scripted,
    timeline,
    ask: async (path = '/items', method = 'GET', signal?: AbortSignal) =>
      manager.authorize({ url: ORIGIN + path, method, ...(signal && { signal }) }),
    respond: async (authorization: Authorization, status: number) =>
      manager.recover(authorization, {
        status,
        headers: new Headers(),
        url: authorization.url.href,
        text: () => Promise.resolve(''),
      }),
    /** Entries without what every one of them has; which request it is stands for its address. */
    told: () => timeline.entries.map((entry) => without(entry, ['id', 'at', 'method', 'url'])),
  }
}

function without(entry: object, keys: string[]): object {
  return Object.fromEntries(Object.entries(entry).filter(([key]) => !keys.includes(key)))
}

/** What `promise` rejects with. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => Promise.reject(new Error('expected a rejection')),
    (error: unknown) => error,
  )
}

/**
 * Two requests wait for the first token, 120 ms; a minute later its successor is refused to three, which
 * wait 80 ms for one renewal and are sent again; then the user signs out.
 */
export async function storm(timelineOptions: TimelineOptions = {}) {
  const made = scene({}, timelineOptions)
  const { manager, clock, scripted, ask, respond } = made
  const first = [ask('/items'), ask('/me')]
  await scripted.asked()
  clock.pass(120)
  scripted.settle({ accessToken: 'CANARY-7f3a-a1', refreshToken: 'CANARY-7f3a-r1' })
  for (const authorization of await Promise.all(first)) {
    clock.pass(20)
    await respond(authorization, 200)
  }
  clock.pass(300)
  const sent = await Promise.all([ask('/items'), ask('/items'), ask('/me', 'POST')])
  clock.pass(30)
  const again = sent.map((authorization) => respond(authorization, 401))
  await scripted.asked(2)
  clock.pass(80)
  scripted.settle({ accessToken: 'CANARY-7f3a-a2', refreshToken: 'CANARY-7f3a-r2' })
  for (const authorization of await Promise.all(again)) {
    clock.pass(20)
    if (authorization) await respond(authorization, 200)
  }
  clock.pass(100)
  await manager.signOut()
  clock.pass(10)
  return made
}
