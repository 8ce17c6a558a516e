import type { TokenStore } from '@latchkey/core'
import { equal, ok } from '../contract/expect.ts'
import { attempt, fact, gate, get, NAME, type Stage, tokensFor } from './stage.ts'

type Lock = NonNullable<TokenStore['lock']>

function lockOf(store: TokenStore): Lock {
  const lock = store.lock?.bind(store)
  ok(lock !== undefined, 'the store has a lock; one that needs none says `lacks: ["lock"]`')
  return lock as Lock
}

/** Two who want the same lock: two stores, where the lock reaches so far. */
async function rivals({ store, another, lacks }: Stage) {
  const other = lacks('sharedLock') ? store : await another()
  return { store, other, first: lockOf(store), second: lockOf(other) }
}

/** Enough for whoever may take the lock to take it: some of the store's own round trips. */
async function chances(store: TokenStore): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    await store.getToken(NAME)
    await new Promise((resolve) => void setTimeout(resolve, 0))
  }
}

const excludes = fact(
  'a lock lets one in at a time: the second starts when the first has ended',
  ['F82', 'F88'],
  async (stage) => {
    const { first, second, other } = await rivals(stage)
    const order: string[] = []
    const [entered, held] = [gate(), gate()]
    const holding = first(NAME, async () => {
      entered.open()
      await held.opened
      order.push('first ends')
    })
    await entered.opened
    const waiting = second(NAME, async () => void order.push('second starts'))
    await chances(other)
    equal(order, [], 'while the first holds it')
    held.open()
    await stage.inTime(Promise.all([holding, waiting]), 'the second is let in')
    equal(order, ['first ends', 'second starts'])
  },
  'lock',
)

const neverTwo = fact(
  'no second holder is ever inside a lock',
  ['F82'],
  async (stage) => {
    const { store, first, second } = await rivals(stage)
    let inside = 0
    let most = 0
    const run = async () => {
      inside += 1
      most = Math.max(most, inside)
      await chances(store)
      inside -= 1
    }
    const runs = Array.from({ length: 6 }, (_, at) => (at % 2 ? first : second)(NAME, run))
    await stage.inTime(Promise.all(runs), 'all are let in')
    equal(most, 1)
  },
  'lock',
)

const gives = fact(
  'a lock returns the result of the work under it',
  ['F82'],
  async ({ store }) => {
    equal(await lockOf(store)(NAME, async () => ({ result: 42 })), { result: 42 })
  },
  'lock',
)

const frees = fact(
  'a lock is freed when the work under it throws, and the caller gets the error',
  ['F82'],
  async (stage) => {
    const { first, second } = await rivals(stage)
    const thrown = new Error('mine')
    const { error } = await attempt(() => first(NAME, () => Promise.reject(thrown)))
    ok(error === thrown, 'the very error')
    const next = second(NAME, async () => 'free')
    equal(await stage.inTime(next, 'the next is let in'), 'free')
  },
  'lock',
)

const perName = fact(
  'the lock of one name does not hold up another',
  ['F82'],
  async (stage) => {
    const { first, second } = await rivals(stage)
    const [entered, held] = [gate(), gate()]
    const holding = first('ada', async () => {
      entered.open()
      await held.opened
    })
    await entered.opened
    const next = second('ben', async () => 'in')
    equal(await stage.inTime(next, 'another name is let in').finally(held.open), 'in')
    await holding
  },
  'lock',
  'separateNames',
)

const holdsUpNobody = fact(
  'a lock does not delay reading, storing or removing: a sign-out does not wait for a renewal',
  ['S50', 'F88'],
  async (stage) => {
    const { store, other, first } = await rivals(stage)
    await store.setToken(tokensFor('old'), NAME)
    const [entered, held] = [gate(), gate()]
    const holding = first(NAME, async () => {
      entered.open()
      await held.opened
    })
    await entered.opened
    const signOutAndIn = async () => {
      await other.removeToken(NAME)
      equal(await get(other), undefined)
      await other.setToken(tokensFor('new'), NAME)
    }
    await stage.inTime(signOutAndIn(), 'a sign-out and a sign-in end').finally(held.open)
    await holding
  },
  'lock',
)

const rereads = fact(
  'the next holder of a lock reads the session that the last one wrote',
  ['F75', 'S29'],
  async (stage) => {
    const { store, other, first, second } = await rivals(stage)
    await store.setToken(tokensFor('old'), NAME)
    await get(other) // whoever keeps a copy has an old one now
    const renewed = tokensFor('new')
    const entered = gate()
    const holding = first(NAME, async () => {
      entered.open()
      await store.setToken(renewed, NAME)
    })
    await entered.opened
    const waiting = second(NAME, () => get(other))
    equal(await stage.inTime(waiting, 'the waiter is let in'), renewed)
    await holding
  },
  'lock',
)

/** One at a time. */
export const lockCases = [excludes, neverTwo, gives, frees, perName, holdsUpNobody, rereads]
