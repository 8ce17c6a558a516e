import * as fc from 'fast-check'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Authorization } from '../src/adapter.ts'
import { answer, harness, request, sent, settled } from './support/harness.ts'
import { LIFE_MS, type Mood, newWorld, type World } from './support/world.ts'

/** What happens, in what order. */
type Step =
  | { kind: 'request' }
  | { kind: 'abort'; which: number }
  | { kind: 'mood'; mood: Mood }
  | { kind: 'release' }
  | { kind: 'revoke' }
  | { kind: 'pass'; ms: number }
  | { kind: 'signOut' }
  | { kind: 'signIn' }
  | { kind: 'beginSignIn' }
  | { kind: 'answerSignIn'; which: number }
  | { kind: 'storeFails'; fails: boolean }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Step>({ kind: 'request' }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('abort' as const), which: fc.nat(20) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('mood' as const),
      mood: fc.constantFrom<Mood>('ok', 'rejected', 'unavailable', 'slow', 'slow', 'slow', 'never'),
    }),
  },
  { weight: 2, arbitrary: fc.constant<Step>({ kind: 'release' }) },
  { weight: 2, arbitrary: fc.constant<Step>({ kind: 'revoke' }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.constantFrom(1, 300, 2_000, LIFE_MS - 1_000, LIFE_MS, 20_000),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'signOut' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'signIn' }) },
  { weight: 2, arbitrary: fc.constant<Step>({ kind: 'beginSignIn' }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('answerSignIn' as const), which: fc.nat(4) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('storeFails' as const), fails: fc.boolean() }),
  },
)

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** One request as an adapter makes it. Tells what its user would see. */
async function send(
  { manager }: ReturnType<typeof harness>,
  server: World,
  signal: AbortSignal,
  currentUser: () => number,
): Promise<string> {
  const userAtStart = currentUser()
  const first = await manager.authorize({ ...request(), signal })
  const users: (number | undefined)[] = []
  const token = (authorization: Authorization) => (sent(authorization) ?? '').replace('Bearer ', '')
  const status = (authorization: Authorization) => {
    users.push(server.user(token(authorization)))
    return server.status(token(authorization))
  }
  const isAccepted = status(first) === 200
  const sameUser = userAtStart === currentUser()
  if (sameUser && users[0] !== userAtStart) server.violations.push("another user's token was sent")
  if (isAccepted) return 'ok'
  const next = await manager.recover(first, answer(401), { signal })
  if (!next) return '401'
  const second = status(next)
  if (users[0] !== users[1]) server.violations.push('a request was sent again as another user')
  if (second === 200) return 'ok'
  await manager.recover(next, answer(401), { signal })
  return '401'
}

/**
 * Who is signed in, as far as one can tell from the order in which sign-ins and sign-outs began: what began
 * before the last that took effect comes too late.
 */
function newSession({ manager }: ReturnType<typeof harness>, server: World) {
  let [user, users, begun, decided] = [0, 0, 0, 0]
  let isOut = false
  const onTheirWay: (() => Promise<void>)[] = []

  function decide(turn: number, isSignOut: boolean): void {
    decided = turn
    isOut = isSignOut
  }

  return {
    user: () => user,
    isOut: () => isOut,
    signOut() {
      decide((begun += 1), true)
      void manager.signOut()
    },
    signIn() {
      decide((begun += 1), false)
      user = users += 1
      void manager.setTokens(server.issue(user))
    },
    beginSignIn() {
      const [turn, who] = [(begun += 1), (users += 1)]
      const { promise, resolve } = Promise.withResolvers<void>()
      const outcome = manager
        .setTokens(() => promise.then(() => server.issue(who)))
        .then(
          () => 'entered',
          ({ code }) => code as string,
        )
      onTheirWay.push(async () => {
        const expected = turn > decided ? 'entered' : 'ERR_SESSION_CHANGED'
        if (turn > decided) {
          user = who
          decide(turn, false)
        }
        resolve()
        const came = await outcome
        if (came !== expected) server.violations.push(`a sign-in: ${came}, not ${expected}`)
      })
    },
    answerSignIn: (which: number) => onTheirWay.splice(which, 1)[0]?.(),
  }
}

/** One story: who did what when, and who still waits for an answer. */
async function tell(steps: readonly Step[]): Promise<string[]> {
  const server = newWorld()
  const { clock, grant, store, violations } = server
  const made = harness({ grants: [grant], store, clock, name: 'me' })
  const { manager } = made
  const controllers: AbortController[] = []
  const session = newSession(made, server)
  let unsettled = 0
  await manager.setTokens(server.issue(session.user()))

  async function act(one: Step): Promise<void> {
    if (one.kind === 'request') {
      const controller = new AbortController()
      controllers.push(controller)
      unsettled += 1
      void send(made, server, controller.signal, session.user)
        .catch(() => 'rejected')
        .finally(() => (unsettled -= 1))
    }
    if (one.kind === 'abort') controllers[one.which]?.abort()
    if (one.kind === 'mood') server.setMood(one.mood)
    if (one.kind === 'release') server.release()
    if (one.kind === 'revoke') server.revoke()
    if (one.kind === 'storeFails') server.failStore(one.fails)
    if (one.kind === 'pass') {
      clock.pass(one.ms)
      await vi.advanceTimersByTimeAsync(one.ms)
    }
    if (one.kind === 'signOut') session.signOut()
    if (one.kind === 'signIn') session.signIn()
    if (one.kind === 'beginSignIn') session.beginSignIn()
    if (one.kind === 'answerSignIn') void session.answerSignIn(one.which)
    await settled()
  }
  for (const one of steps) await act(one)

  // The storm is over: everybody gets an answer in bounded time.
  server.failStore(false)
  server.release()
  await vi.advanceTimersByTimeAsync(60_000)
  if (unsettled > 0) violations.push(`${unsettled} callers never settled`)
  if (vi.getTimerCount() > 0) violations.push('a timer was left behind')
  if (steps.some(({ kind }) => kind === 'storeFails')) return violations
  const stored = await server.inner.getToken('me')
  const isOut = session.isOut()
  if (isOut && stored) violations.push('something is stored after a sign-out')
  if (!isOut && stored && server.user(stored.accessToken) !== session.user()) {
    violations.push("another user's session is stored")
  }
  return violations
}

it('in any order of events, one renewal runs, no refresh token is used twice, every call settles, and the last sign-out or begun sign-in wins', async () => {
  const stories = fc.array(step, { maxLength: 40, size: 'max' })
  const holds = fc.asyncProperty(stories, async (steps) => {
    expect(await tell(steps)).toEqual([])
  })
  await fc.assert(holds, { numRuns: 2_000 })
}, 120_000)
