import { readFile, writeFile } from 'node:fs/promises'
import { adapterContract } from '@latchkey/testing/adapter-contract'
import { type ContractServers, startContractServers } from '@latchkey/testing/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runtimeClients } from '../src/runtimes/cases.ts'
import { runtimes } from '../src/runtimes/list.ts'
import type { RunningRuntime } from '../src/runtimes/runtime.ts'
import {
  detailTable,
  type RuntimeResults,
  summaryTable,
  withTable,
} from '../src/runtimes/tables.ts'

const promised = adapterContract()
  .map(({ name }) => name)
  .toSorted()

const all: RuntimeResults = new Map()

let servers: ContractServers
beforeAll(async () => {
  servers = await startContractServers()
})
afterAll(() => servers.close())

describe.each(runtimes)(
  '$name',
  ({ name: runtimeName, spec = '', platform, axiosStream, start }) => {
    let runtime: RunningRuntime
    beforeAll(async () => {
      all.set(runtimeName, new Map())
      runtime = await start(spec)
    })
    afterAll(() => runtime.stop())

    test.each(runtimeClients)('%s keeps every promise of the contract', async (client) => {
      const { url } = servers
      const order = { client, url, platform, ...(axiosStream && { axiosStream }) }
      const results = await runtime.run(order)
      all.get(runtimeName)?.set(client, results)
      expect(results.filter(({ failure }) => failure !== undefined)).toEqual([])
      expect(results.map(({ name }) => name).toSorted()).toEqual(promised)
    })
  },
)

// UPDATE_RUNTIMES=1 writes them.
describe('the table of runtimes tells what was found, in', () => {
  test.each([
    ['README.md', summaryTable],
    ['docs/runtimes.md', detailTable],
  ])('%s', async (path, table) => {
    const file = new URL(`../../${path}`, import.meta.url)
    const expected = withTable(await readFile(file, 'utf8'), table(all))
    if (process.env.UPDATE_RUNTIMES) await writeFile(file, expected)
    expect(await readFile(file, 'utf8')).toBe(expected)
  })
})
