import { constants, createGzip } from 'node:zlib'
import process from 'node:process'
import { registerAuth } from '@latchkey/axios'
import { bearer, createTokenManager, type TokenManager } from '@latchkey/core'
import { wrapFetch } from '@latchkey/fetch'
import { authHooks } from '@latchkey/ky'
import axios, { isAxiosError } from 'axios'
import ky, { HTTPError } from 'ky'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { serve } from './support/forward.ts'

const MEGABYTE = 1_048_576
/** Two hundred kilobytes on the wire make so many bytes. */
const INFLATED = 512 * MEGABYTE
/** What a bomb that nobody swallowed may cost. */
const BOUND = 96 * MEGABYTE

/** Never renews to anything good: each request is answered with a bomb twice. */
async function bombs() {
  const tokens: (string | undefined)[] = []
  const { url, close } = await serve((request, response) => {
    tokens.push(request.headers.authorization)
    response.writeHead(401, { 'content-type': 'text/plain', 'content-encoding': 'gzip' })
    const gzip = createGzip({ level: constants.Z_BEST_SPEED })
    const pack = (left: number) => {
      if (response.destroyed || left === 0) gzip.end()
      else gzip.write(Buffer.alloc(MEGABYTE), () => pack(left - MEGABYTE))
    }
    gzip.pipe(response)
    response.once('close', () => gzip.destroy())
    pack(INFLATED)
  })
  return { url, close, tokens }
}

let server: Awaited<ReturnType<typeof bombs>>
let manager: TokenManager
let looked: number[]

beforeEach(async () => {
  server = await bombs()
  looked = []
  let made = 0
  const request = () => Promise.resolve({ accessToken: `CANARY-7f3a-${(made += 1)}` })
  manager = createTokenManager({
    origin: server.url,
    scheme: bearer(),
    grants: [{ name: 'renewal', request }],
    isTokenRejected: async (response) => {
      looked.push((await response.text()).length)
      return response.status === 401
    },
  })
})
afterEach(() => server.close())

/** How much the process grew at its largest, in bytes, while `work` went on. */
async function growth(work: () => Promise<unknown>): Promise<number> {
  const before = process.resourceUsage().maxRSS
  await work()
  return (process.resourceUsage().maxRSS - before) * 1024
}

describe('a 401 of 512 MB in 200 kB, twice', () => {
  test('costs fetch little memory, and the caller receives it unread', async () => {
    const grown = await growth(async () => {
      const response = await wrapFetch(manager)(server.url)
      expect(response.status).toBe(401)
      expect(manager.explain(response)?.code).toBe('ERR_FRESH_TOKEN_REJECTED')
      await response.body?.cancel()
    })
    expect([server.tokens.length, ...looked]).toEqual([2, 16_384, 16_384])
    expect(grown).toBeLessThan(BOUND)
  })

  test('costs ky little memory: ky itself reads ten megabytes of an error', async () => {
    const grown = await growth(async () => {
      const error = await ky
        .extend({ hooks: authHooks(manager), retry: 0 })(server.url)
        .catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(HTTPError)
      expect(manager.explain(error)?.code).toBe('ERR_FRESH_TOKEN_REJECTED')
    })
    expect([server.tokens.length, ...looked]).toEqual([2, 16_384, 16_384])
    expect(grown).toBeLessThan(BOUND)
  })

  test.each(['http', 'fetch'] as const)(
    'costs axios on %s only its maxContentLength, and ends with axios’ own error, without a renewal',
    async (adapter) => {
      const api = axios.create({ adapter, maxContentLength: MEGABYTE })
      registerAuth(api, manager)
      const grown = await growth(async () => {
        const error = await api.get(server.url).catch((reason: unknown) => reason)
        expect(isAxiosError(error) && error.message).toContain('maxContentLength')
      })
      expect(server.tokens).toEqual(['Bearer CANARY-7f3a-1'])
      expect(grown).toBeLessThan(BOUND)
    },
  )
})
