import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { answer, request, sent, settled } from './support/harness.ts'
import { LIFE_MS, type Mood, sharedWorld, type Step, userOf } from './support/shared-world.ts'

/** What happens, in what order; `m` is which of the two managers. */
type Act =
  | { kind: 'request' | 'signIn' | 'signOut' | 'refresh' | 'dispose'; m: number }
  | { kind: 'abort' | 'go'; which: number }
  | { kind: 'mood'; mood: Mood }
  | { kind: 'hold'; step: Step }
  | { kind: 'letGo' | 'revoke' }
  | { kind: 'clock' | 'time'; ms: number }

const m = fc.nat(1)
const of = <Kind extends Act['kind']>(kind: Kind) => fc.constant(kind)
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: of('request'), m }) },
  { weight: 3, arbitrary: fc.record({ kind: of('signIn'), m }) },
  { weight: 2, arbitrary: fc.record({ kind: of('signOut'), m }) },
  { weight: 2, arbitrary: fc.record({ kind: of('refresh'), m }) },
  { weight: 1, arbitrary: fc.record({ kind: of('dispose'), m }) },
  { weight: 1, arbitrary: fc.record({ kind: of('abort'), which: fc.nat(9) }) },
  { weight: 4, arbitrary: fc.record({ kind: of('go'), which: fc.nat(9) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: of('mood'),
      mood: fc.constantFrom<Mood>('ok', 'ok', 'rejected', 'unavailable', 'never'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: of('hold'),
      step: fc.constantFrom<Step>('get', 'set', 'remove', 'grant', 'tell'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: of('letGo') }) },
  { weight: 1, arbitrary: fc.record({ kind: of('revoke') }) },
  {
    weight: 2,
    // A clock that jumps, also back.
    arbitrary: fc.record({
      kind: of('clock'),
      ms: fc.constantFrom(1_000, LIFE_MS, 10 * LIFE_MS, -1_000, -LIFE_MS),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: of('time'), ms: fc.constantFrom(1, 300, 3_000, 10_000) }),
  },
)

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** What must not happen, whatever the order. */
const races = [
  'a request of one user is sent as another',
  'a sign-out is undone',
  'a manager does not follow what the store holds',
  'no renewal is possible any more',
  'a call is never answered',
] as const

type Race = (typeof races)[number]

/**
 * What went wrong in one story of two managers that share a session.
 *
 * @param isLoaded Whether they have read it before the story begins.
 * @param hasCredentials Whether they can sign in by themselves, as user 0.
 */
async function tell(
  isLoaded: boolean,
  hasCredentials: boolean,
  acts: readonly Act[],
): Promise<[Race, string][]> {
  const world = sharedWorld(hasCredentials)
  const { managers, clock } = world
  const wrong: [Race, string][] = []
  const fail = (race: Race, what: string) => void wrong.push([race, what])
  const controllers: AbortController[] = []
  const seen = new Set<string>()
  const disposed = new Set<number>()
  /** The last thing that was asked of each, of what decides whether it is signed in. */
  const last: (Act['kind'] | undefined)[] = [undefined, undefined]
  let users = 0
  /** Whether user 0 may not be signed in any more. */
  let isDecided = !isLoaded
  let unsettled = 0
  world.fill(world.issue('user 0'))
  for (const manager of managers) manager.on('storeFailed', () => undefined) // a held step runs out of time
  if (isLoaded) await Promise.all(managers.map((manager) => manager.getTokens()))

  const count = <T>(promise: Promise<T>) => {
    unsettled += 1
    return promise.then(
      () => void (unsettled -= 1),
      () => void (unsettled -= 1),
    )
  }

  /** A request that begins while user 0 is signed in is never sent as another user. */
  async function send(manager: number, isOfUser0: boolean, signal: AbortSignal): Promise<void> {
    const expectOwn = (header: string | undefined) => {
      const user = userOf(header)
      if (header) seen.add(header)
      if (isOfUser0 && user !== 'user 0')
        fail('a request of one user is sent as another', `user 0 as ${user}`)
      return header !== undefined && world.isLive(header)
    }
    const first = await managers[manager]!.authorize({ ...request(), signal })
    const user = userOf(sent(first))
    if (expectOwn(sent(first))) return
    const next = await managers[manager]!.recover(first, answer(401), { signal })
    if (next && userOf(sent(next)) !== user)
      fail('a request of one user is sent as another', 'again')
    if (next) expectOwn(sent(next))
  }

  async function perform(one: Act): Promise<void> {
    isDecided ||= one.kind === 'signIn' || one.kind === 'signOut'
    isDecided ||= one.kind === 'mood' && one.mood === 'rejected'
    if (one.kind === 'request') {
      const controller = new AbortController()
      controllers.push(controller)
      void count(send(one.m, !isDecided, controller.signal))
    } else if (one.kind === 'signIn' && !disposed.has(one.m)) {
      last[one.m] = 'signIn'
      void count(managers[one.m]!.setTokens(world.issue(`user ${(users += 1)}`)))
    } else if (one.kind === 'signOut' && !disposed.has(one.m)) {
      last[one.m] = 'signOut'
      void count(managers[one.m]!.signOut())
    } else if (one.kind === 'refresh' && !disposed.has(one.m)) {
      last[one.m] = 'refresh'
      void count(managers[one.m]!.refresh())
    } else if (one.kind === 'dispose') {
      disposed.add(one.m)
      managers[one.m]!.dispose()
    } else if (one.kind === 'abort') controllers[one.which]?.abort(new Error('mine'))
    else if (one.kind === 'go') world.go(one.which)
    else if (one.kind === 'mood') world.setMood(one.mood)
    else if (one.kind === 'hold') world.hold(one.step)
    else if (one.kind === 'letGo') world.letGo()
    else if (one.kind === 'revoke') world.revoke(seen)
    else if (one.kind === 'clock') clock.pass(one.ms)
    else if (one.kind === 'time') await vi.advanceTimersByTimeAsync(one.ms)
    await settled()
  }

  for (const one of acts) await perform(one)

  // The end: all that was held goes on, and whatever waits is answered or told that its time is up.
  world.setMood('ok')
  world.letGo()
  do await settled()
  while (world.goAll())
  for (let round = 0; round < 3; round += 1) {
    await vi.advanceTimersByTimeAsync(20_000)
    clock.pass(20_000)
    await settled()
  }
  if (unsettled > 0) fail('a call is never answered', `${unsettled}`)

  const isLeft =
    last[0] === 'signOut' &&
    last[1] === undefined &&
    acts.every((one) => !('m' in one) || one.m === 0)
  if (isLeft && world.stored()) fail('a sign-out is undone', 'in the store')

  for (const [at, manager] of managers.entries()) {
    if (disposed.has(at)) continue
    // A change that could not be read is looked at with the next request.
    void manager.getTokens().catch(() => undefined)
    await vi.advanceTimersByTimeAsync(30_000)
    const asked = manager.getTokens().then(
      ({ accessToken }) => userOf(accessToken),
      ({ code }) => code as string,
    )
    await vi.advanceTimersByTimeAsync(30_000)
    const who = await asked
    const stored = userOf(world.stored()?.accessToken)
    if (last[at] === 'signOut') {
      if (who !== 'ERR_SIGN_IN_REQUIRED') fail('a sign-out is undone', `${who}`)
    } else if (who === 'ERR_RENEWAL_TIMEOUT' || who === 'ERR_RENEWAL_UNAVAILABLE') {
      fail('no renewal is possible any more', who)
    } else if (who !== 'ERR_SIGN_IN_REQUIRED' && who !== stored) {
      fail('a manager does not follow what the store holds', `${who}, not ${stored}`)
    }
  }
  return wrong
}

/** How many stories for each: `INTERLEAVINGS=100000 npm test -- packages/core/test/shared-session.test.ts`. */
const numRuns = Number(process.env.INTERLEAVINGS ?? 1_000)

describe('two managers on one store, in any order of events', () => {
  it.each(races)(
    'never: %s',
    async (race) => {
      await fc.assert(
        fc.asyncProperty(
          fc.boolean(),
          fc.boolean(),
          fc.array(act, { maxLength: 24 }),
          async (isLoaded, hasCredentials, acts) => {
            const wrong = await tell(isLoaded, hasCredentials, acts)
            expect(wrong.filter(([name]) => name === race)).toEqual([])
          },
        ),
        { numRuns },
      )
    },
    Math.max(60_000, numRuns * 20),
  )
})
