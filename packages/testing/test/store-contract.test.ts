import { memoryStore } from '@latchkey/core'
import { storeContract, type StoreSubject } from '@latchkey/testing/store-contract'
import { describe, expect, test } from 'vitest'
import { brokenStores } from './support/broken-stores.ts'
import { shelf } from './support/shelf.ts'

/** Keeps sessions for as long as the process lives; who opens it again has the same one. */
const memory: StoreSubject = {
  place() {
    const store = memoryStore()
    return { open: () => store }
  },
  lacks: ['sharing'],
}

const cases = storeContract()

test('no two cases of the store contract have one name', () => {
  expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length)
})

test('every case of the store contract carries the numbers of what it proves', () => {
  expect(cases.filter(({ refs }) => refs.length === 0)).toEqual([])
})

describe('the memory store', () => {
  test.for(cases)('$name', async ({ run }, { skip }) => {
    const outcome = await run(memory)
    skip(outcome === 'skipped')
    expect(outcome).toBeUndefined()
  })
})

describe('a store that lacks nothing', () => {
  test.each(cases)('$name', async ({ run }) => {
    await expect(run(shelf())).resolves.toBeUndefined()
  })
})

/** What a case found, or what the store or a manager on it said; nothing that went wrong by accident. */
const isFinding = ({ name, code }: { name?: string; code?: string } = {}) =>
  name === 'ContractViolation' || code !== undefined

describe('a store that', () => {
  test.each(brokenStores)('%s is told: %s', async (_, told, spoil) => {
    const run = cases.find(({ name }) => name === told)?.run
    const failure = await run?.(shelf(spoil)).catch((error: unknown) => error)
    expect(failure).toSatisfy(isFinding)
  })
})

test('every case of the store contract fails for some store', () => {
  const told = new Set(brokenStores.map(([, name]) => name))
  expect(cases.map(({ name }) => name).filter((name) => !told.has(name))).toEqual([])
})
