import type { TokenStore } from '@latchkey/core'
import { equal, ok } from '../contract/expect.ts'
import { fact, get, NAME, tokensFor } from './stage.ts'

/** Counts how often `store` tells of a change of `name`. */
function listen(store: TokenStore, name = NAME) {
  ok(
    store.subscribe !== undefined,
    'the store can be listened to; one that cannot says `lacks: ["subscribe"]`',
  )
  let told = 0
  const off = store.subscribe?.(name, () => void (told += 1)) ?? (() => undefined)
  return { count: () => told, off }
}

const tells = fact(
  'listeners hear of a session that another store has stored, replaced or removed, and can read it then',
  ['S50', 'F75'],
  async ({ place, store, eventually }) => {
    const { count, off } = listen(store)
    const other = await place.open()
    const change = async (what: string, work: () => unknown) => {
      const before = count()
      await work()
      await eventually(() => count() > before, `${what} is told`)
    }
    const [first, second] = [tokensFor('one'), tokensFor('two')]
    await change('a sign-in', () => other.setToken(first, NAME))
    equal(await get(store), first)
    await change('a renewal', () => other.setToken(second, NAME))
    equal(await get(store), second)
    await change('a sign-out', () => other.removeToken(NAME))
    equal(await get(store), undefined)
    off()
  },
  'subscribe',
  'sharing',
)

const stops = fact(
  'a removed listener hears nothing more, and other listeners still do',
  ['S50'],
  async ({ place, store, eventually }) => {
    const [one, two] = [listen(store), listen(store)]
    const other = await place.open()
    await other.setToken(tokensFor('one'), NAME)
    await eventually(() => one.count() > 0 && two.count() > 0, 'both are told')
    one.off()
    one.off() // twice is not an error
    const [first, second] = [one.count(), two.count()]
    await other.setToken(tokensFor('two'), NAME)
    await eventually(() => two.count() > second, 'the other one is told')
    equal(one.count(), first)
    two.off()
  },
  'subscribe',
  'sharing',
)

const perName = fact(
  'listeners of one name do not hear of a change of another',
  ['S50'],
  async ({ place, store, eventually }) => {
    const [ada, ben] = [listen(store, 'ada'), listen(store, 'ben')]
    const other = await place.open()
    await other.setToken(tokensFor('ben'), 'ben')
    await eventually(() => ben.count() > 0, 'the listener is told')
    equal(ada.count(), 0)
    ada.off()
    ben.off()
  },
  'subscribe',
  'sharing',
  'separateNames',
)

const within = fact(
  'listeners of a store hear of changes through the same store, because several managers may share it',
  ['S50'],
  async ({ store, eventually }) => {
    const [one, two] = [listen(store), listen(store)]
    const change = async (what: string, work: () => unknown) => {
      const before = [one.count(), two.count()]
      await work()
      const isTold = () => one.count() > (before[0] ?? 0) && two.count() > (before[1] ?? 0)
      await eventually(isTold, `${what} is told to both`)
    }
    await change('a sign-in', () => store.setToken(tokensFor('one'), NAME))
    await change('a renewal', () => store.setToken(tokensFor('two'), NAME))
    await change('a sign-out', () => store.removeToken(NAME))
    one.off()
    two.off()
  },
  'subscribe',
)

/** Who is told of what. */
export const changeCases = [tells, stops, perName, within]
