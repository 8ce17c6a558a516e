import type { TokenStore } from '@latchkey/core'
import { CANARY } from '../contract/canary.ts'
import { equal, ok } from '../contract/expect.ts'
import { attempt, expectRefusal, fact, get, NAME, type Stage, tokensFor } from './stage.ts'

/** A case for stores that judge what they find. */
const wary = (name: string, refs: readonly string[], play: Parameters<typeof fact>[2]) =>
  fact(name, refs, play, 'distrust')

/** What a broken program, a proxy's error page or a failing disk leaves behind. */
const garbage: Record<string, string> = {
  'an empty text': '',
  blanks: ' \r\n\t',
  'a word': CANARY,
  'half a JSON text': `{"accessToken":"${CANARY}`,
  HTML: `<!doctype html><title>${CANARY}</title>`,
  null: 'null',
  'an array': `["${CANARY}"]`,
  'an array of sessions': `[{"version":1,"accessToken":"${CANARY}"}]`,
  'a number': '1',
  'a text in quotes': `"${CANARY}"`,
  true: 'true',
  'an empty object': '{}',
  'a version alone': '{"version":1}',
  'a token that is a number': '{"version":1,"accessToken":1}',
  'a token that is null': '{"version":1,"accessToken":null}',
  'a token that is an object': `{"version":1,"accessToken":{"accessToken":"${CANARY}"}}`,
  'an empty token': '{"version":1,"accessToken":""}',
  'a token in a prototype': `{"version":1,"__proto__":{"accessToken":"${CANARY}"}}`,
  'a token in a constructor': `{"version":1,"constructor":{"prototype":{"accessToken":"${CANARY}"}}}`,
  'a byte order mark': '\ufeff{}',
  NULs: '\0'.repeat(200),
  'deep nesting': '['.repeat(100_000),
  '2 MB': CANARY.repeat(180_000),
}

/** That nothing usable lies at `NAME`, told in either of the two ways. */
async function expectNoSession(store: TokenStore, what: string): Promise<void> {
  const { value, error } = await attempt(() => get(store))
  if (error === undefined) equal(value, undefined, what)
  else expectRefusal(error, what)
}

/** Puts `text` in place; false where the place itself refuses it, so that it cannot be found there. */
async function lay({ place }: Stage, text: string): Promise<boolean> {
  const { error } = await attempt(() => place.write?.(NAME, text))
  return error === undefined
}

async function expectUntouched({ place }: Stage, text: string | undefined, what: string) {
  if (place.read) equal(await place.read(NAME), text, what)
}

const isNone = wary(
  'garbage is not a session: it is neither returned nor shown by an error',
  ['S44', 'F72', 'F78', 'S43'],
  async (stage) => {
    if (!stage.place.write) return 'skipped'
    let laid = 0
    for (const [what, text] of Object.entries(garbage)) {
      if (!(await lay(stage, text))) continue
      laid += 1
      await expectNoSession(stage.store, what)
      await expectNoSession(await stage.another(), `${what}, seen by another`)
    }
    ok(laid > 0, 'some garbage can be put in place')
  },
)

const isLeft = wary(
  'garbage is left as it is by reading, and replaced by the next session',
  ['S44', 'F78'],
  async (stage) => {
    const { place, store } = stage
    if (!place.write) return 'skipped'
    for (const [what, text] of Object.entries(garbage)) {
      if (!(await lay(stage, text))) continue
      const lies = await place.read?.(NAME)
      await attempt(() => store.getToken(NAME))
      await expectUntouched(stage, lies, `${what}, after reading`)
      const tokens = tokensFor('after')
      await store.setToken(tokens, NAME)
      equal(await get(store), tokens, `after ${what}`)
    }
  },
)

const isRemovable = wary('garbage is removed by a sign-out', ['S44', 'S50'], async (stage) => {
  if (!stage.place.write) return 'skipped'
  await lay(stage, '{"version":1,"accessToken":1}')
  await stage.store.removeToken(NAME)
  equal(await get(stage.store), undefined)
  await expectUntouched(stage, undefined, 'what is left')
})

const truncated = wary(
  'a session cut off anywhere is invalid: a part of a token is never returned',
  ['F78', 'F80'],
  async (stage) => {
    const { place, store } = stage
    if (!place.write || !place.read) return 'skipped'
    const tokens = tokensFor('whole')
    await store.setToken(tokens, NAME)
    const whole = (await place.read(NAME)) ?? ''
    ok(whole !== '', 'what was stored can be read')
    for (let length = 0; length < whole.length; length += 1) {
      if (!(await lay(stage, whole.slice(0, length)))) continue
      const { value } = await attempt(() => get(store))
      // What was cut off may have been a line's end.
      if (value !== undefined) equal(value, tokens, `the first ${length} characters`)
    }
  },
)

/** What is stored for a session, with a version to come; nothing where no version is kept. */
async function fromTheFuture({ place, store }: Stage): Promise<string | undefined> {
  await store.setToken(tokensFor('future'), NAME)
  const text = (await place.read?.(NAME)) ?? ''
  const { value } = await attempt(() => JSON.parse(text) as { version?: unknown })
  if (typeof value?.version !== 'number') return undefined
  return JSON.stringify({ ...value, version: value.version + 1_000, news: 'kept' })
}

const newer = wary(
  'a session that a newer version stored is neither returned nor destroyed, until the user signs out',
  ['F77', 'S43'],
  async (stage) => {
    const { place, store } = stage
    const text = await fromTheFuture(stage)
    if (!place.write || !place.read || text === undefined) return 'skipped'
    await place.write(NAME, text)
    const lies = await place.read(NAME)
    for (const one of [store, await stage.another()]) {
      await expectNoSession(one, 'what a newer version stored')
      const { error } = await attempt(() => one.setToken(tokensFor('older'), NAME))
      expectRefusal(error, 'storing an older session over it')
      await expectUntouched(stage, lies, 'what the newer version stored')
    }
    await store.removeToken(NAME)
    equal(await get(store), undefined, 'after a sign-out')
    const tokens = tokensFor('after')
    await store.setToken(tokens, NAME)
    equal(await get(store), tokens)
  },
)

/** Runs `work` while every object inherits `fields`, as a prototype pollution leaves it. */
async function polluted<T>(fields: Record<string, unknown>, work: () => Promise<T>): Promise<T> {
  for (const [key, value] of Object.entries(fields)) {
    const property = { value, configurable: true, writable: true, enumerable: false }
    // oxlint-disable-next-line no-extend-native -- the attack itself, taken back below
    Object.defineProperty(Object.prototype, key, property)
  }
  try {
    return await work()
  } finally {
    for (const key of Object.keys(fields)) Reflect.deleteProperty(Object.prototype, key)
  }
}

const inherited = wary(
  'values on a polluted prototype are not a session, and do not become part of one',
  ['S43', 'F76'],
  async (stage) => {
    const { store, place } = stage
    const fields = {
      accessToken: `${CANARY}-inherited`,
      refreshToken: `${CANARY}-inherited`,
      expiresAt: 1,
      version: 1,
    }
    const read = await polluted(fields, async () => {
      const nothing = await attempt(() => get(store))
      const isLaid = place.write !== undefined && (await lay(stage, '{"version":1}'))
      return { nothing, bare: isLaid ? await attempt(() => get(store)) : {} }
    })
    for (const { value } of [read.nothing, read.bare]) equal(own(value), undefined)
    const tokens = { accessToken: `${CANARY}-own` }
    await polluted(fields, async () => store.setToken(tokens, NAME))
    equal(own(await get(store)), tokens)
  },
)

/** Its own properties: what core looks at. */
const own = (value: object | undefined) => value && { ...value }

const toJson = wary(
  'a polluted toJSON does not change what is stored',
  ['S43', 'F76'],
  async ({ store }) => {
    const tokens = tokensFor('true')
    const toJSON = () => ({ version: 1, accessToken: 'false' })
    await polluted({ toJSON }, async () => store.setToken(tokens, NAME))
    equal(await get(store), tokens)
  },
)

/** Stored values that are not a session of ours. */
export const garbageCases = [isNone, isLeft, isRemovable, truncated, newer, inherited, toJson]
