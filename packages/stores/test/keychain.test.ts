import { keychainStore } from '@latchkey/stores/keychain'
import { describe, expect, test } from 'vitest'
import type { Credentials } from '../src/keychain/keyring.ts'
import { readText, removeText, writeText } from '../src/keychain/pieces.ts'

const short = '{"accessToken":"CANARY-7f3a-short"}'
const long = `{"accessToken":"${'CANARY-7f3a-long-€'.repeat(200)}"}`
const longer = `{"accessToken":"${'CANARY-7f3a-longer'.repeat(300)}"}`

/** Credentials in memory, whose process dies before the change number `diesAt`. */
function credentials(entries = new Map<string, string>(), diesAt = Infinity): Credentials {
  let changes = 0
  const alive = () => {
    changes += 1
    if (changes >= diesAt) throw new Error('The process was killed.')
  }
  return {
    get: async (account) => entries.get(account),
    set: async (account, text) => (alive(), void entries.set(account, text)),
    remove: async (account) => (alive(), void entries.delete(account)),
    all: async () => entries,
  }
}

const parsed = async (entries: Map<string, string>) => {
  const text = await readText(credentials(entries), 'a')
  return text === undefined ? undefined : JSON.parse(text)
}

/** What lies there when `change` was killed before each of its steps. */
async function killedEverywhere(
  before: string,
  change: (own: Credentials) => Promise<void>,
): Promise<Map<string, string>[]> {
  const places: Map<string, string>[] = []
  for (let step = 1; ; step += 1) {
    const entries = new Map<string, string>()
    await writeText(credentials(entries), 'a', before)
    const isDone = await change(credentials(entries, step)).then(
      () => true,
      () => false,
    )
    if (isDone) return places
    places.push(entries)
  }
}

const pairs = [
  ['short by short', short, short],
  ['short by long', short, long],
  ['long by short', long, short],
  ['long by longer', long, longer],
  ['longer by long', longer, long],
] as const

describe('a text in several credentials', () => {
  test.each(pairs)(
    '%s: a write killed at any step leaves the old or the new one',
    async (...given) => {
      const [, before, after] = given
      const places = await killedEverywhere(before, (own) => writeText(own, 'a', after))
      expect(places.length).toBeGreaterThan(0)
      for (const entries of places) {
        expect([JSON.parse(before), JSON.parse(after)]).toContainEqual(await parsed(entries))
      }
    },
  )

  test.each(pairs)(
    '%s: the next write and removal clear away what a killed one left',
    async (...given) => {
      const [, before, after] = given
      for (const entries of await killedEverywhere(before, (own) => writeText(own, 'a', after))) {
        const removed = new Map(entries)
        await removeText(credentials(removed), 'a')
        expect([...removed.keys()]).toEqual([])
        await writeText(credentials(entries), 'a', short)
        expect([...entries.keys()]).toEqual(['a'])
      }
    },
  )

  test('a removal killed at any step leaves no other session than the old one, and names what is left', async () => {
    for (const entries of await killedEverywhere(longer, (own) => removeText(own, 'a'))) {
      const left = await parsed(entries).catch(({ code }: { code: unknown }) => code)
      expect([JSON.parse(longer), 'ERR_STORE_GARBAGE']).toContainEqual(left)
      await removeText(credentials(entries), 'a')
      expect([...entries.keys()]).toEqual([])
    }
  })

  test('every credential fits into what Windows allows, whatever the characters', async () => {
    const entries = new Map<string, string>()
    await writeText(credentials(entries), 'a', longer)
    await writeText(credentials(entries), 'a', JSON.stringify('😀€'.repeat(1_000)))
    for (const text of entries.values()) {
      expect(text.length).toBeLessThanOrEqual(1_280)
      expect(text).toMatch(/^[\0-\u007f]*$/)
    }
    expect(await parsed(entries)).toBe('😀€'.repeat(1_000))
  })
})

test('an invalid service name is refused at once', () => {
  for (const service of ['', 7 as never]) {
    expect(() => keychainStore({ service })).toThrow(/service/)
  }
})
