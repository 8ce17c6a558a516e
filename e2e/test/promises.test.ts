import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { adapterContract } from '@latchkey/testing/adapter-contract'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const numbers = (letter: string, first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, at) => letter + `${first + at}`.padStart(2, '0'))

/** What docs/promises.md has to list. */
const promised = [
  ...numbers('T', 1, 20),
  ...numbers('S', 1, 42),
  ...numbers('F', 1, 71),
  ...numbers('F', 89, 92),
]

/** What has no test yet, and the folder with which it gets one. */
const pending: Record<string, string> = { T16: 'packages/stores/src' }

/** The table's rows: number and proofs, each a source in backquotes and the name of a test. */
const rows = readFileSync(join(root, 'docs/promises.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, number, proofs] = /^\| ([TSF]\d\d) \| .+ \| (.+) \|$/.exec(line) ?? []
    return number && proofs ? [{ number, proofs: proofs.split('<br>') }] : []
  })

const cases = new Map(adapterContract().map((one) => [one.name, one]))

test('every promise is listed once', () => {
  expect(rows.map(({ number }) => number)).toEqual(promised)
})

test('every number that a case of the contract carries is a promise', () => {
  const carried = [...cases.values()].flatMap(({ refs }) => refs)
  expect(carried.filter((number) => !promised.includes(number))).toEqual([])
})

test('no two cases of the contract have one name', () => {
  expect(cases.size).toBe(adapterContract().length)
})

test.each(rows.map(({ number, proofs }) => [number, proofs] as const))(
  '%s is proven by tests that exist',
  (number, proofs) => {
    const folder = pending[number]
    if (folder !== undefined && !existsSync(join(root, folder))) return
    expect(proofs.filter((proof) => !isProof(number, proof))).toEqual([])
  },
)

function isProof(number: string, proof: string): boolean {
  const [, source = '', name = ''] = /^`(.+?)` (.+)$/.exec(proof) ?? []
  if (source === 'adapterContract') return cases.get(name)?.refs.includes(number) === true
  const file = join(root, source)
  return name !== '' && existsSync(file) && readFileSync(file, 'utf8').includes(name)
}
