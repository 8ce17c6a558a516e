import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { storeContract, type StoreSubject } from '@latchkey/testing/store-contract'
import { expect, test } from 'vitest'
import { sqliteStore } from '../own-store/src/sqlite-store.ts'

/** Our store, in the words of the contract. */
const subject: StoreSubject = {
  async place() {
    const directory = await mkdtemp(join(tmpdir(), 'latchkey-own-store-'))
    return {
      open: () => sqliteStore(join(directory, 'sessions.db')),
      close: () => rm(directory, { recursive: true }),
    }
  },
  lacks: ['names', 'subscribe'],
}

test.for(storeContract())('in a store of a user’s own $name', async ({ run }, { skip }) => {
  const outcome = await run(subject)
  skip(outcome === 'skipped')
  expect(outcome).toBeUndefined()
})

test('a lock of a process that was killed is free after its lease', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'latchkey-own-store-'))
  const path = join(directory, 'sessions.db')
  const store = sqliteStore(path)
  const database = new DatabaseSync(path)
  database
    .prepare('INSERT INTO locks VALUES (?, ?, ?)')
    .run('"ada"', 'who was killed', Date.now() - 1)
  expect(await store.lock?.('ada', async () => 'in')).toBe('in')
  database.close()
  await rm(directory, { recursive: true })
})

test('the guide shows this very store', async () => {
  const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8')
  const guide = await read('docs/write-your-own-store.md')
  expect(guide).toContain(await read('examples/own-store/src/sqlite-store.ts'))
})
