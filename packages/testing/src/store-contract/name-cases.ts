import type { TokenStore } from '@latchkey/core'
import { equal } from '../contract/expect.ts'
import { fact, get, tokensFor } from './stage.ts'

/** Names that a path, a key, a lock or an object's property might take for something else. */
const hostileNames = [
  '',
  ' ',
  'session',
  'Session',
  'SESSION',
  'https://api.test',
  'https://api.test/',
  'https://api.test/v1?user=ada&at=1#top',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '.',
  '..',
  '../../x',
  '..\\..\\x',
  '/etc/hosts',
  'C:\\con',
  'con',
  'a/b',
  'a:b',
  'a%2Fb',
  'a%b',
  'a_b',
  'a-b',
  'a.b',
  'a;b',
  'a=b',
  'a b',
  'a+b',
  'a\0b',
  'a\nb',
  'a\r\nb',
  'a*',
  'a?',
  '*',
  '[ab]',
  '{a}',
  'ß',
  'ss',
  '\u00e9', // é as one character
  'e\u0301', // and the same, of two
  '日本語',
  '🔑',
  '👩‍👩‍👧',
  'x'.repeat(2_000),
  `${'x'.repeat(1_999)}y`,
]

/** Text that UTF-8 cannot tell apart. */
const brokenNames = ['\ud800', '\ud801', '\udc00', '\ufffd']

async function fill(store: TokenStore, names: string[]): Promise<void> {
  for (const [at, name] of names.entries()) await store.setToken(short(at), name)
}

/** Small, so that all of them fit into one user's cookies. */
const short = (at: number) => ({ accessToken: `CANARY-7f3a-${at}` })

const separate = (names: string[]) => async (store: TokenStore, other: TokenStore) => {
  await fill(store, names)
  for (const [at, name] of names.entries()) {
    equal(await get(other, name), short(at), `the session of ${JSON.stringify(name.slice(0, 40))}`)
  }
  for (const [at, name] of names.entries()) {
    await store.removeToken(name)
    equal(await get(other, name), undefined)
    const next = names[at + 1]
    if (next !== undefined) equal(await get(other, next), short(at + 1), 'the next one stays')
  }
}

const hostile = fact(
  'sessions of different names never touch each other, whatever the names look like',
  ['S43', 'F79'],
  async ({ store, another }) => separate(hostileNames)(store, await another()),
  'separateNames',
)

const broken = fact(
  'names that are not well-formed text have separate sessions too',
  ['S43'],
  async ({ store, another }) => separate(brokenNames)(store, await another()),
  'separateNames',
)

const unset = fact(
  'a name that an object inherits is not a session',
  ['S43', 'F76'],
  async ({ store }) => {
    for (const name of ['__proto__', 'constructor', 'toString', 'valueOf']) {
      equal(await get(store, name), undefined, name)
    }
  },
  'separateNames',
)

const two = fact(
  'two names hold two sessions',
  ['S46', 'F75'],
  async ({ store }) => {
    const [ada, ben] = [tokensFor('ada'), tokensFor('ben')]
    await store.setToken(ada, 'ada')
    await store.setToken(ben, 'ben')
    equal([await get(store, 'ada'), await get(store, 'ben')], [ada, ben])
    await store.removeToken('ada')
    equal([await get(store, 'ada'), await get(store, 'ben')], [undefined, ben])
  },
  'separateNames',
)

const listed = fact(
  'the names in use are listed as they were given, and only they',
  ['S43'],
  async ({ store, another }) => {
    equal(await store.names?.(), [], 'at first')
    await fill(store, hostileNames)
    const other = await another()
    equal((await other.names?.())?.toSorted(), hostileNames.toSorted())
    const [first = '', ...rest] = hostileNames
    await store.removeToken(first)
    equal((await other.names?.())?.toSorted(), rest.toSorted())
  },
  'separateNames',
  'names',
)

/** Whose session it is. */
export const nameCases = [two, hostile, broken, unset, listed]
