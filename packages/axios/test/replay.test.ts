import { Readable } from 'node:stream'
import { registerAuth } from '@latchkey/axios'
import {
  type AxiosAdapter,
  type AxiosInstance,
  create as createAxios,
  type CreateAxiosDefaults,
  getAdapter,
  type InternalAxiosRequestConfig,
} from 'axios'
import axiosRetry from 'axios-retry'
import FormDataOfNode from 'form-data'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Api, startApi } from '../../testing/test/support/api.ts'

let api: Api
beforeEach(async () => {
  api = await startApi()
})
afterEach(() => api.close())

function signedIn(defaults: CreateAxiosDefaults = {}): AxiosInstance {
  const instance = createAxios({ baseURL: api.url, ...defaults })
  registerAuth(instance, api.staleManager())
  return instance
}

describe('validateStatus', () => {
  test.each([
    ['() => true', () => true],
    ['null', null],
    ['the default', undefined],
  ])('%s: a dead token is renewed and the request sent again', async (_, validateStatus) => {
    const { status } = await signedIn(validateStatus === undefined ? {} : { validateStatus }).get(
      '/',
    )
    expect([status, api.seen.length, api.renewals]).toEqual([200, 2, 1])
  })

  test('() => true: a second 401 is a response that explain() knows', async () => {
    const manager = api.staleManager()
    const instance = createAxios({ baseURL: api.url, validateStatus: () => true })
    registerAuth(instance, manager)
    const response = await instance.get('/denied')
    expect([response.status, api.seen.length]).toEqual([401, 2])
    expect(manager.explain(response)?.code).toBe('ERR_FRESH_TOKEN_REJECTED')
  })
})

describe('adapters', () => {
  /** An adapter of the user's own that counts. */
  function counting() {
    const http = getAdapter('http')
    const sent: InternalAxiosRequestConfig[] = []
    const adapter: AxiosAdapter = (config) => {
      sent.push(config)
      return http(config)
    }
    return { sent, adapter }
  }

  test('a custom adapter sends both attempts', async () => {
    const { sent, adapter } = counting()
    expect((await signedIn({ adapter }).get('/')).status).toBe(200)
    expect(sent.map(({ headers }) => headers.get('xc-auth'))).toEqual(['CANARY-stale', 'CANARY-1'])
  })

  test('an adapter given with the request is used', async () => {
    const { sent, adapter } = counting()
    expect((await signedIn().get('/', { adapter })).status).toBe(200)
    expect(sent).toHaveLength(2)
  })

  test('axios chooses from a list of adapters as usual', async () => {
    expect((await signedIn({ adapter: ['xhr', 'fetch', 'http'] }).get('/')).status).toBe(200)
    expect(api.renewals).toBe(1)
  })

  test.each(['http', 'fetch'] as const)('the %s adapter may be a function', async (name) => {
    expect((await signedIn({ adapter: getAdapter(name) }).get('/')).status).toBe(200)
    expect(api.renewals).toBe(1)
  })

  test('an adapter that parses the body itself is understood', async () => {
    const http = getAdapter('http')
    const adapter: AxiosAdapter = async (config) => {
      const response = await http({ ...config, validateStatus: null })
      return { ...response, data: JSON.parse(response.data) }
    }
    const bodies: string[] = []
    const manager = api.staleManager({
      isTokenRejected: async (response) => {
        bodies.push(await response.text())
        return response.status === 401
      },
    })
    const instance = createAxios({ baseURL: api.url, adapter })
    registerAuth(instance, manager)
    expect((await instance.get('/')).data).toEqual({ ok: true })
    expect(bodies[0]).toBe('{"msg":"Invalid token"}')
  })

  test.each(['http', 'fetch'] as const)(
    'the body of a streamed 401 is destroyed (%s)',
    async (name) => {
      const send = getAdapter(name)
      const streams: unknown[] = []
      const adapter: AxiosAdapter = async (config) => {
        const response = await send({ ...config, validateStatus: null })
        streams.push(response.data)
        return response
      }
      await signedIn({ adapter }).get('/', { responseType: 'stream' })
      const [first] = streams
      expect(Readable.isDisturbed(first as Readable)).toBe(true)
    },
  )

  test("the user's own env.fetch sends the requests of the fetch adapter", async () => {
    const urls: string[] = []
    const env = {
      fetch: async (input: Request) => {
        urls.push(input.url)
        return fetch(input)
      },
    }
    const instance = signedIn({ adapter: 'fetch', env } as unknown as CreateAxiosDefaults)
    expect((await instance.get('/')).status).toBe(200)
    expect(urls).toEqual([`${api.url}/`, `${api.url}/`])
  })
})

describe("the user's own code around a replay", () => {
  test('interceptors and transformRequest run once and see no first 401', async () => {
    const log: string[] = []
    const instance = signedIn({
      transformRequest: [
        (data) => {
          log.push('transformRequest')
          return `<${data}>`
        },
      ],
    })
    instance.interceptors.request.use((config) => {
      log.push('request')
      return config
    })
    instance.interceptors.response.use((response) => {
      log.push(`response ${response.status}`)
      return response
    })
    await instance.post('/', 'body', { headers: { 'content-type': 'text/plain' } })
    expect(log).toEqual(['request', 'transformRequest', 'response 200'])
    expect(api.seen.map(({ body }) => body)).toEqual(['<body>', '<body>'])
  })

  test("the caller's config stays unchanged, and the response's config contains no token", async () => {
    const instance = signedIn()
    const config = { headers: { 'x-mine': '1' }, params: { page: 2 }, data: { title: 'x' } }
    const before = structuredClone(config)
    const response = await instance.request({ url: '/', method: 'post', ...config })
    expect(config).toEqual(before)
    expect(response.config.headers.has('xc-auth')).toBe(false)
    expect(response.config.headers.get('x-mine')).toBe('1')
    expect(instance.defaults.headers).not.toHaveProperty('xc-auth')
    expect(api.seen.map(({ url, body }) => [url, body])).toEqual(
      ['/?page=2', '/?page=2'].map((url) => [url, '{"title":"x"}']),
    )
  })

  test('a stream in data is sent once and the error is the 401', async () => {
    const data = Readable.from([Buffer.from('once')])
    await expect(signedIn({ maxRedirects: 0 }).post('/', data)).rejects.toMatchObject({
      response: { status: 401 },
      cause: { code: 'ERR_BODY_NOT_REPLAYABLE' },
    })
    expect(api.seen.map(({ body }) => body)).toEqual(['once'])
  })
})

describe('a form that axios creates from an object', () => {
  test('is a stream in Node, and is replayed byte for byte from its parts', async () => {
    expect((await signedIn().postForm('/', { title: 'x', tags: ['a', 'b'] })).status).toBe(200)
    const bodies = api.seen.map(({ body }) => body)
    expect(bodies[0]).toContain('name="title"\r\n\r\nx\r\n')
    expect(bodies).toEqual([bodies[0], bodies[0]])
  })

  test('with a stream among its parts is sent once, and the caller gets the 401 with the reason', async () => {
    const form = new FormDataOfNode()
    form.append('file', Readable.from(['content']), { filename: 'a.txt' })
    await expect(signedIn().post('/', form)).rejects.toMatchObject({
      response: { status: 401 },
      cause: { code: 'ERR_BODY_NOT_REPLAYABLE' },
    })
  })
})

describe('axios-retry', () => {
  const retrying = { retries: 3, retryDelay: () => 0 }
  const orders: [string, () => AxiosInstance][] = [
    [
      'registered after registerAuth',
      () => {
        const instance = signedIn()
        axiosRetry(instance, retrying)
        return instance
      },
    ],
    [
      'registered before registerAuth',
      () => {
        const instance = createAxios({ baseURL: api.url })
        axiosRetry(instance, retrying)
        registerAuth(instance, api.staleManager())
        return instance
      },
    ],
  ]

  test.each(orders)('%s: 503, then 401, then 200', async (_, make) => {
    api.script(503)
    expect((await make().get('/')).status).toBe(200)
    expect([api.seen.length, api.renewals]).toEqual([3, 1])
    expect(api.seen.at(-1)?.headers['xc-auth']).toBe(api.token)
  })

  test.each(orders)('%s: 401, then 503, then 200', async (_, make) => {
    api.script(401, 503)
    expect((await make().get('/')).status).toBe(200)
    expect([api.seen.length, api.renewals]).toEqual([3, 1])
    expect(api.seen.at(-1)?.headers['xc-auth']).toBe(api.token)
  })
})

describe('the caller’s options', () => {
  test.each(['http', 'fetch'] as const)('every responseType arrives over %s', async (adapter) => {
    for (const responseType of ['json', 'text', 'arraybuffer', 'stream'] as const) {
      const instance = signedIn({ adapter })
      const { data } = await instance.get('/', { responseType })
      const body = responseType === 'stream' ? await new Response(data).text() : data
      const text = responseType === 'json' ? JSON.stringify(body) : body
      expect(typeof text === 'string' ? text : new TextDecoder().decode(text)).toBe('{"ok":true}')
    }
  })

  test.each(['http', 'fetch'] as const)(
    'isTokenRejected reads a 401 of each responseType, a stream included (%s)',
    async (adapter) => {
      const bodies: string[] = []
      for (const responseType of ['json', 'arraybuffer', 'blob', 'stream'] as const) {
        const manager = api.staleManager({
          isTokenRejected: async (response) => {
            if (response.status === 401) bodies.push(await response.text())
            return response.status === 401
          },
        })
        const instance = createAxios({ baseURL: api.url, adapter })
        registerAuth(instance, manager)
        await instance.get('/', { responseType })
      }
      const body = '{"msg":"Invalid token"}'
      expect(bodies).toEqual([body, body, body, body])
    },
  )

  test('params and baseURL are kept, and decide whether the request gets a token', async () => {
    const instance = signedIn()
    await instance.get('items', { params: { where: 'a=1', list: [1, 2] } })
    expect(api.seen.map(({ url }) => url)).toEqual(
      Array(2).fill('/items?where=a%3D1&list%5B%5D=1&list%5B%5D=2'),
    )
  })

  test("a baseURL at another origin gets no token, but an absolute URL at the manager's does", async () => {
    const other = await startApi()
    const instance = createAxios({ baseURL: other.url, validateStatus: null })
    registerAuth(instance, api.staleManager())
    await instance.get('/')
    expect(other.seen[0]?.headers['xc-auth']).toBeUndefined()
    expect((await instance.get(`${api.url}/`)).status).toBe(200)
    await other.close()
  })

  test.each([
    'http://',
    'HTTP://',
    '//',
    '/\\',
    '\\\\',
    ' http://',
    '\thttp://',
    'http:/',
    'http:',
    '@',
  ])('%jhost instead of a path gets no token for another host', async (start) => {
    const other = await startApi()
    const instance = signedIn({ validateStatus: null })
    const elsewhere = start + new URL(other.url).host
    await instance.get(elsewhere).catch(() => undefined)
    await instance.get(elsewhere, { baseURL: '' }).catch(() => undefined)
    expect(other.seen.filter(({ headers }) => 'xc-auth' in headers)).toEqual([])
    await other.close()
  })

  test('allowAbsoluteUrls: false keeps an absolute URL, and the token, on the base', async () => {
    const instance = signedIn({ allowAbsoluteUrls: false })
    expect((await instance.get('http://elsewhere.test/x')).status).toBe(200)
    expect(api.seen[0]?.url).toBe('/http://elsewhere.test/x')
  })

  test.each(['http', 'fetch'] as const)(
    'auth: {…} is the caller’s own credential (%s)',
    async (adapter) => {
      const instance = signedIn({ adapter, validateStatus: null })
      const { status } = await instance.get('/', { auth: { username: 'ada', password: 'pw' } })
      expect([status, api.seen.length, api.renewals]).toEqual([401, 1, 0])
      expect(api.seen[0]?.headers).toMatchObject({ authorization: `Basic ${btoa('ada:pw')}` })
      expect(api.seen[0]?.headers['xc-auth']).toBeUndefined()
    },
  )

  test('a user in the URL is the caller’s own credential', async () => {
    const url = api.url.replace('//', '//ada:pw@')
    const { status } = await signedIn({ validateStatus: null }).get(url)
    expect([status, api.renewals]).toEqual([401, 0])
    expect(api.seen[0]?.headers['xc-auth']).toBeUndefined()
  })

  test('an invalid URL fails as it does without Latchkey', async () => {
    const instance = createAxios()
    registerAuth(instance, api.staleManager())
    await expect(instance.get('//')).rejects.toMatchObject({ code: 'ERR_INVALID_URL' })
  })
})
