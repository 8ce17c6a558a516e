import { registerAuth } from '@latchkey/axios'
import {
  type AxiosHeaders,
  type AxiosInstance,
  create as createAxios,
  getAdapter,
  type InternalAxiosRequestConfig,
} from 'axios'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Api, startApi } from '../../testing/test/support/api.ts'

let api: Api
beforeEach(async () => {
  api = await startApi()
})
afterEach(() => api.close())

type Change = (config: InternalAxiosRequestConfig) => InternalAxiosRequestConfig

/** An instance with an interceptor that was added before or after the registration. */
function withInterceptor(order: 'before' | 'after', change: Change): AxiosInstance {
  const instance = createAxios({ baseURL: api.url })
  if (order === 'before') instance.interceptors.request.use(change)
  registerAuth(instance, api.staleManager())
  if (order === 'after') instance.interceptors.request.use(change)
  return instance
}

const plain = { 'x-own': '1' } as unknown as AxiosHeaders
const changes: Record<string, Change> = {
  'spreads the headers': (config) => ({
    ...config,
    headers: Object.assign({}, config.headers, { 'x-own': '1' }),
  }),
  'sets plain headers': (config) => Object.assign(config, { headers: plain }),
  'sets frozen headers': (config) => Object.assign(config, { headers: Object.freeze(plain) }),
  'removes the headers': (config) => Object.assign(config, { headers: undefined }),
  'freezes the config': (config) => Object.freeze(config),
  'sets an adapter by name': (config) => Object.assign(config, { adapter: 'fetch' }),
  'sets an adapter function': (config) => Object.assign(config, { adapter: getAdapter('http') }),
}

describe.each(['before', 'after'] as const)('an interceptor added %s registerAuth', (order) => {
  test.each(Object.entries(changes))(
    'that %s keeps neither token nor replay away',
    async (_, change) => {
      expect((await withInterceptor(order, change).get('/')).status).toBe(200)
      expect(api.seen.map(({ headers }) => headers['xc-auth'])).toEqual([
        'CANARY-stale',
        'CANARY-1',
      ])
    },
  )
})

test('two managers on one instance each wrap the adapter once', async () => {
  const instance = createAxios()
  let asked = 0
  const skipAuth = () => ((asked += 1), false)
  registerAuth(instance, api.staleManager({ skipAuth }))
  registerAuth(instance, api.staleManager({ origin: 'https://other.test' }))
  instance.interceptors.request.use((config) => config)
  await instance.get(`${api.url}/`)
  expect(asked).toBe(1)
})

test('unregistering the first of two ends its part', async () => {
  const instance = createAxios({ baseURL: api.url, validateStatus: null })
  let asked = 0
  const unregister = registerAuth(
    instance,
    api.staleManager({ skipAuth: () => ((asked += 1), false) }),
  )
  const unregisterOther = registerAuth(instance, api.staleManager({ origin: 'https://other.test' }))
  instance.interceptors.request.use((config) => config)
  unregister()
  await instance.get('/')
  unregisterOther()
  await instance.get('/')
  expect([asked, api.seen.map(({ headers }) => headers['xc-auth'])]).toEqual([
    0,
    [undefined, undefined],
  ])
})
