import { inspect } from 'node:util'
import { isLatchkeyError } from '@latchkey/core'
import { authHooks } from '@latchkey/ky'
import ky, { HTTPError, type KyInstance, type Options, TimeoutError } from 'ky'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Api, startApi } from '../../testing/test/support/api.ts'

let api: Api
beforeEach(async () => {
  api = await startApi()
})
afterEach(() => api.close())

/** Retries as ky does, without the waiting. */
const eager = (limit: number) => ({ limit, delay: () => 0 })

function signedIn(options: Options = {}, manager = api.staleManager()): KyInstance {
  return ky.create({ baseUrl: api.url, ...options }).extend({ hooks: authHooks(manager) })
}

const sent = () => api.seen.map(({ headers }) => headers['xc-auth'])

describe("ky's own retries", () => {
  test.each([0, eager(0), eager(1), eager(5)])(
    'retry %o: a dead token is replayed',
    async (retry) => {
      expect((await signedIn({ retry })('')).status).toBe(200)
      expect(sent()).toEqual(['CANARY-stale', 'CANARY-1'])
    },
  )

  test('skipAuth: true in the context sends a request unchanged, and its 401 renews nothing', async () => {
    api.script(401)
    const context = { skipAuth: true }
    expect((await signedIn({ throwHttpErrors: false })('', { context })).status).toBe(401)
    expect([sent(), api.renewals]).toEqual([[undefined], 0])
  })

  test('a 503, then a 401: ky retries the first, and Latchkey replays the second', async () => {
    api.script(503)
    expect((await signedIn({ retry: eager(5) })('')).status).toBe(200)
    expect(sent()).toEqual(['CANARY-stale', 'CANARY-stale', 'CANARY-1'])
    expect(api.renewals).toBe(1)
  })

  test('a 401, then a 503: the retry carries the new token', async () => {
    api.script(401, 503)
    expect((await signedIn({ retry: eager(5) })('')).status).toBe(200)
    expect(sent()).toEqual(['CANARY-stale', 'CANARY-1', 'CANARY-1'])
    expect(api.renewals).toBe(1)
  })

  test('a replay does not count for retry.limit', async () => {
    api.script(401, 503)
    expect((await signedIn({ retry: eager(1) })('')).status).toBe(200)
  })

  test('a POST, which ky does not retry, is replayed with its body', async () => {
    for (const retry of [0, eager(5)]) {
      await signedIn({ retry }).post('', { json: { a: 1 } })
    }
    const bodies = api.seen.map(({ method, body }) => `${method} ${body}`)
    expect(new Set(bodies)).toEqual(new Set(['POST {"a":1}']))
    expect(api.renewals).toBe(2)
  })

  test('a LatchkeyError is not retried', async () => {
    let asked = 0
    const grants = [
      {
        name: 'none',
        async request() {
          asked += 1
          return undefined
        },
      },
    ]
    let retries = 0
    const count = () => void (retries += 1)
    const options = { retry: eager(5), hooks: { beforeRetry: [count] } }
    const client = signedIn(options, api.staleManager({ grants, store: emptyStore() }))
    await expect(client('')).rejects.toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
    expect([asked, retries, api.seen.length]).toEqual([1, 0, 0])
  })
})

const emptyStore = () => ({ getToken: () => null, setToken: () => null, removeToken: () => null })

describe('throwHttpErrors: false', () => {
  test('a dead token is replayed', async () => {
    expect((await signedIn({ throwHttpErrors: false })('')).status).toBe(200)
  })

  test('a second 401 is a response that explain() knows', async () => {
    const manager = api.staleManager()
    const response = await signedIn({ throwHttpErrors: false }, manager)('denied')
    expect([response.status, api.seen.length]).toEqual([401, 2])
    expect(manager.explain(response)?.code).toBe('ERR_FRESH_TOKEN_REJECTED')
  })
})

describe("the user's own hooks", () => {
  test.each(['before', 'after'])(
    '%s ours run as documented and see no first 401',
    async (order) => {
      const log: string[] = []
      const own: Options = {
        hooks: {
          beforeRequest: [({ retryCount }) => void log.push(`beforeRequest ${retryCount}`)],
          beforeRetry: [({ retryCount }) => void log.push(`beforeRetry ${retryCount}`)],
          afterResponse: [({ response }) => void log.push(`afterResponse ${response.status}`)],
          beforeError: [
            ({ error }) => {
              log.push(`beforeError ${error.name}`)
              return error
            },
          ],
        },
      }
      const base = ky.create({ baseUrl: api.url, retry: eager(2) })
      const ours = { hooks: authHooks(api.staleManager()) }
      const client =
        order === 'before' ? base.extend(own).extend(ours) : base.extend(ours).extend(own)
      api.script(503)
      await client('')
      expect(log.splice(0)).toEqual([
        'beforeRequest 0',
        'afterResponse 503',
        'beforeRetry 1',
        'afterResponse 200',
      ])
      await client('denied').catch(() => undefined)
      expect(log).toEqual(['beforeRequest 0', 'afterResponse 401', 'beforeError HTTPError'])
    },
  )

  test('a credential set in beforeRequest wins', async () => {
    const hooks = {
      beforeRequest: [
        ({ request }: { request: Request }) => request.headers.set('xc-auth', 'mine'),
      ],
    }
    const { status } = await signedIn({ hooks, throwHttpErrors: false })('')
    expect([status, sent(), api.renewals]).toEqual([401, ['mine'], 0])
  })

  test('ky.retry() in afterResponse still works', async () => {
    let forced = 0
    const afterResponse = () => (forced++ === 0 ? ky.retry({ delay: 0 }) : undefined)
    expect((await signedIn({ hooks: { afterResponse: [afterResponse] } })('')).status).toBe(200)
    expect(sent()).toEqual(['CANARY-stale', 'CANARY-1', 'CANARY-1'])
  })
})

describe('options', () => {
  test("the user's own fetch sends both attempts", async () => {
    const urls: string[] = []
    const own: typeof fetch = async (input, init) => {
      urls.push(new Request(input, init).url)
      return fetch(input, init)
    }
    expect((await signedIn({ fetch: own })('items')).status).toBe(200)
    expect(urls).toEqual([`${api.url}/items`, `${api.url}/items`])
  })

  test('a fetch in the options of the call sends them too', async () => {
    let calls = 0
    const own: typeof fetch = async (input, init) => {
      calls += 1
      return fetch(input, init)
    }
    await signedIn()('', { fetch: own })
    expect(calls).toBe(2)
  })

  test('extending twice adds the token once and replays once', async () => {
    const manager = api.staleManager()
    const client = signedIn({}, manager).extend({ hooks: authHooks(manager) })
    expect((await client('')).status).toBe(200)
    expect([api.seen.length, api.renewals]).toEqual([2, 1])
  })

  test('prefix and searchParams are kept', async () => {
    const client = ky
      .create({ prefix: `${api.url}/v2` })
      .extend({ hooks: authHooks(api.staleManager()) })
    await client('items', { searchParams: { page: 2 } }).json()
    expect(api.seen.map(({ url }) => url)).toEqual(['/v2/items?page=2', '/v2/items?page=2'])
  })

  test.each(['http://', 'HTTP://', '//', '/\\', '\\\\'])(
    '%shost instead of a path gets no token',
    async (start) => {
      const other = await startApi()
      const input = start + new URL(other.url).host
      await signedIn({ retry: 0, throwHttpErrors: false })(input)
      expect(other.seen.map(({ headers }) => headers['xc-auth'])).toEqual([undefined])
      expect([api.seen.length, api.renewals]).toEqual([0, 0])
      await other.close()
    },
  )

  test('a Request as input is replayed with its body', async () => {
    const request = new Request(api.url, { method: 'PUT', body: 'text' })
    expect((await signedIn({ retry: 0 })(request)).status).toBe(200)
    expect(api.seen.map(({ method, body }) => `${method} ${body}`)).toEqual([
      'PUT text',
      'PUT text',
    ])
  })

  test.each([0, eager(5)])('a stream is sent once, with retry %o', async (retry) => {
    const body = new Blob(['once']).stream()
    const error = await signedIn({ retry })
      .post('', { body })
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ cause: { code: 'ERR_BODY_NOT_REPLAYABLE' } })
    expect(api.seen.map((seen) => seen.body)).toEqual(['once'])
  })

  test.each(['timeout', 'totalTimeout'])('%s includes the wait', async (option) => {
    const renewal = api.holdRenewals()
    const error = await signedIn({ [option]: 50 })('').catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(TimeoutError)
    renewal.release()
    expect(api.renewals).toBe(0)
  })
})

describe('errors', () => {
  test("a second 401 is ky's HTTPError with the reason as cause, and its data", async () => {
    const error = await signedIn()('denied').catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(HTTPError)
    expect(error).toMatchObject({ data: { msg: 'Invalid token' } })
    expect(isLatchkeyError((error as Error).cause)).toBe(true)
  })

  test('another error keeps the cause it has', async () => {
    const error = await signedIn({ retry: 0 })('http://127.0.0.1:1/').catch(
      (reason: unknown) => reason,
    )
    expect(isLatchkeyError((error as Error).cause)).toBe(false)
  })

  test('no request that ky shows contains the token', async () => {
    const error = await signedIn()('denied').catch((reason: unknown) => reason)
    expect((error as HTTPError).request.headers.has('xc-auth')).toBe(false)
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain('CANARY')
  })
})
