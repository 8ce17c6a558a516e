import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { adapterContract } from '@latchkey/testing/adapter-contract'
import { storeContract } from '@latchkey/testing/store-contract'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const numbers = (letter: string, first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, at) => letter + `${first + at}`.padStart(2, '0'))

/** What docs/project/promises.md has to list. */
const promised = [...numbers('T', 1, 20), ...numbers('S', 1, 50), ...numbers('F', 1, 92)]

/** The table's rows: number and proofs, each a source in backquotes and the name of a test. */
const rows = readFileSync(join(root, 'docs/project/promises.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, number, proofs] = /^\| ([TSF]\d\d) \| .+ \| (.+) \|$/.exec(line) ?? []
    return number && proofs ? [{ number, proofs: proofs.split('<br>') }] : []
  })

/** What the cases of a contract prove: their numbers, by name. */
const contracts: Record<string, Map<string, readonly string[]>> = {
  adapterContract: new Map(adapterContract().map(({ name, refs }) => [name, refs])),
  storeContract: new Map(storeContract().map(({ name, refs }) => [name, refs])),
}

test('every promise is listed once', () => {
  expect(rows.map(({ number }) => number)).toEqual(promised)
})

test('every number in a contract case is a promise', () => {
  const carried = Object.values(contracts).flatMap((cases) => [...cases.values()].flat())
  expect(carried.filter((number) => !promised.includes(number))).toEqual([])
})

test('all cases of a contract have different names', () => {
  expect(contracts.adapterContract?.size).toBe(adapterContract().length)
  expect(contracts.storeContract?.size).toBe(storeContract().length)
})

test.each(rows.map(({ number, proofs }) => [number, proofs] as const))(
  '%s is proven by tests that exist',
  (number, proofs) => {
    expect(proofs.filter((proof) => !isProof(number, proof))).toEqual([])
  },
)

function isProof(number: string, proof: string): boolean {
  const [, source = '', name = ''] = /^`(.+?)` (.+)$/.exec(proof) ?? []
  const cases = contracts[source]
  if (cases) return cases.get(name)?.includes(number) === true
  const file = join(root, source)
  return name !== '' && existsSync(file) && readFileSync(file, 'utf8').includes(name)
}
