import type { TokenSet } from '@latchkey/core'
import { CANARY } from '../contract/canary.ts'
import { equal, ok } from '../contract/expect.ts'
import { attempt, expectRefusal, fact, get, NAME, tokensFor } from './stage.ts'

const empty = fact('an empty place holds no session', ['F72'], async ({ store }) => {
  equal(await get(store), undefined)
})

const roundTrip = fact('a stored session comes back as it was', ['F72'], async ({ store }) => {
  const tokens = tokensFor('whole')
  await store.setToken(tokens, NAME)
  equal(await get(store), tokens)
})

const bare = fact('an access token alone is a session', ['F72'], async ({ store }) => {
  for (const tokens of partialSets()) {
    await store.setToken(tokens, NAME)
    equal(await get(store), tokens)
  }
})

function partialSets(): TokenSet[] {
  const { accessToken, refreshToken, expiresAt, refreshExpiresAt } = tokensFor('part')
  return [
    { accessToken },
    { accessToken, refreshToken },
    { accessToken, expiresAt },
    { accessToken, refreshToken, refreshExpiresAt },
  ] as TokenSet[]
}

const expired = fact(
  'a session whose access token has expired is still returned, because its refresh token counts',
  ['S34', 'F70'],
  async ({ store, another }) => {
    const tokens = tokensFor('old', { expiresAt: Date.now() - 60_000 })
    await store.setToken(tokens, NAME)
    equal(await get(await another()), tokens)
  },
)

const odd = fact('a token of any characters comes back as it was', ['F86'], async ({ store }) => {
  const tokens = { accessToken: `${CANARY} ;,="'\\%2C<&+/{}`, refreshToken: `${CANARY}.Ünï©ödé.ÿ` }
  await store.setToken(tokens, NAME)
  equal(await get(store), tokens)
})

const long = fact(
  'a token of 8,000 characters comes back whole, or is refused at once and changes nothing',
  ['F86', 'F87'],
  async ({ store }) => {
    const before = tokensFor('short')
    await store.setToken(before, NAME)
    const tokens = { accessToken: CANARY + 'x'.repeat(8_000), refreshToken: 'y'.repeat(8_000) }
    const { error } = await attempt(() => store.setToken(tokens, NAME))
    if (error !== undefined) expectRefusal(error, 'a token that is too long')
    equal(await get(store), error === undefined ? tokens : before)
  },
)

const replaced = fact('a second session replaces the first', ['F75'], async ({ store }) => {
  await store.setToken(tokensFor('first'), NAME)
  const second: TokenSet = { accessToken: `${CANARY}-second` }
  await store.setToken(second, NAME)
  equal(await get(store), second, 'nothing of the first is left')
})

const removed = fact('a removed session is gone', ['S50', 'F74'], async ({ store, another }) => {
  await store.setToken(tokensFor('gone'), NAME)
  await store.removeToken(NAME)
  equal(await get(store), undefined)
  equal(await get(await another()), undefined)
})

const removedTwice = fact(
  'removing a missing session is not an error, and a session can follow',
  ['S50', 'F74'],
  async ({ store }) => {
    await store.removeToken(NAME)
    await store.setToken(tokensFor('one'), NAME)
    await store.removeToken(NAME)
    await store.removeToken(NAME)
    const tokens = tokensFor('two')
    await store.setToken(tokens, NAME)
    equal(await get(store), tokens)
  },
)

const survives = fact(
  'a session survives its process',
  ['F80'],
  async ({ place, store }) => {
    const tokens = tokensFor('kept')
    await store.setToken(tokens, NAME)
    equal(await get(await place.open()), tokens)
  },
  'sharing',
)

const bothWays = fact(
  'two stores on one place see what the other changed last',
  ['F75'],
  async ({ place, store }) => {
    const other = await place.open()
    const [first, second] = [tokensFor('one'), tokensFor('two')]
    await store.setToken(first, NAME)
    equal(await get(other), first)
    await other.setToken(second, NAME)
    equal(await get(store), second)
    await store.removeToken(NAME)
    equal(await get(other), undefined)
  },
  'sharing',
)

const copies = fact(
  'what a caller does to a token set later does not change the session',
  ['F75'],
  async ({ store }) => {
    const tokens = tokensFor('mine')
    const given = { ...tokens }
    await store.setToken(given, NAME)
    given.accessToken = 'changed'
    const got = await get(store)
    equal(got, tokens)
    if (got) got.accessToken = 'changed too'
    equal(await get(store), tokens)
  },
  'distrust',
)

const together = fact(
  'of sessions stored at the same time one is left, whole',
  ['F82', 'F75'],
  async ({ store, another }) => {
    const other = await another()
    // Of different lengths: what is torn shows.
    const sets = Array.from({ length: 10 }, (_, at) => tokensFor(`${at}-${'z'.repeat(at * 40)}`))
    await Promise.all(sets.map((tokens, at) => (at % 2 ? other : store).setToken(tokens, NAME)))
    const left = await get(store)
    ok(
      sets.some((tokens) => tokens.accessToken === left?.accessToken),
      'one of those that were stored is left',
    )
    equal(
      left,
      sets.find((tokens) => tokens.accessToken === left?.accessToken),
      'nothing of the others is in it',
    )
    equal(await get(await another()), left, 'everybody sees the same one')
  },
  'atomicWrites',
)

/** Putting in, taking out and forgetting. */
export const sessionCases = [
  empty,
  roundTrip,
  bare,
  expired,
  odd,
  long,
  replaced,
  removed,
  removedTwice,
  survives,
  bothWays,
  copies,
  together,
]
