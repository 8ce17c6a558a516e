import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { anyCall, type Call, isGivenOnce } from '../differential/call.ts'
import { differences } from '../differential/compare.ts'
import { observe } from '../differential/run.ts'
import { type Servers, startServers } from '../differential/server.ts'

/** How many calls: `DIFFERENTIAL_CALLS=10000 npm test -- e2e/test/differential.test.ts`. */
const numRuns = Number(process.env.DIFFERENTIAL_CALLS ?? 1_000)

let servers: Servers
let id = 0
beforeAll(async () => {
  servers = await startServers()
})
afterAll(() => servers.close())

async function compare(call: Call) {
  id += 1
  const [bare, registered] = await Promise.all([
    observe(call, 'bare', servers, `${id}`),
    observe(call, 'registered', servers, `${id}`),
  ])
  return differences(call, bare, registered)
}

/** A call of nothing special. */
const plain: Call = {
  client: 'fetch',
  mode: 'fresh',
  method: 'POST',
  answer: 'json',
  query: '?a=1',
  params: 'object',
  body: 'text',
  headers: { 'x-own': '1' },
  headersAs: 'record',
  form: 'url',
  redirect: undefined,
  abort: 'never',
  changes: false,
  responseType: undefined,
  anyStatus: false,
  hooks: false,
  timeout: undefined,
}

it.each([
  ['drops a header', { headers: {} }, 'exchanges.0.headers.x-own'],
  ['sends another method', { method: 'PUT' }, 'exchanges.0.method'],
  ['sends another body', { body: 'large buffer' }, 'exchanges.0.body'],
  ['goes elsewhere', { query: '?a=2' }, 'exchanges.0.url'],
  ['sends it twice', { answer: 'redirect-307' }, 'exchanges.1'],
  ['gives another answer', { answer: 'text' }, 'result.body'],
  ['fails', { answer: 'redirect-nowhere', redirect: 'error' }, 'result.error'],
] as const)('a client that %s is detected', async (_, change, where) => {
  id += 1
  const bare = await observe(plain, 'bare', servers, `${id}`)
  const other = await observe({ ...plain, ...change }, 'registered', servers, `${id}`)
  expect(differences(plain, bare, other).map((one) => one.where)).toContain(where)
})

it(
  'a registered client sends the same calls as the bare one, except for the token',
  async () => {
    await fc.assert(
      fc.asyncProperty(anyCall, async (call) => {
        fc.pre(!(call.mode === 'dead' && isGivenOnce(call)))
        expect(await compare(call)).toEqual([])
      }),
      {
        numRuns,
        ...(process.env.DIFFERENTIAL_SEED && { seed: Number(process.env.DIFFERENTIAL_SEED) }),
      },
    )
  },
  60_000 + numRuns * 100,
)
