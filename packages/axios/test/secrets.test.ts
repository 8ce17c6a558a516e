import { once } from 'node:events'
import { Agent, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { registerAuth } from '@latchkey/axios'
import { type AxiosInstance, create as createAxios } from 'axios'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Api, startApi } from '../../testing/test/support/api.ts'

let api: Api
let instance: AxiosInstance
beforeEach(async () => {
  api = await startApi()
  instance = createAxios({ baseURL: api.url })
  registerAuth(instance, api.staleManager())
})
afterEach(() => api.close())

const printed = (value: unknown) => inspect(value, { depth: Infinity })

describe.each(['http', 'fetch'] as const)(
  'over the %s adapter no token is printed by',
  (adapter) => {
    test.each(['json', 'text', 'arraybuffer', 'stream'] as const)(
      'a %s response',
      async (responseType) => {
        const response = await instance.get('/', { adapter, responseType })
        expect(printed(response)).not.toContain('CANARY')
      },
    )

    test('a 401 with a streamed body', async () => {
      const config = { adapter, responseType: 'stream' } as const
      const error = await instance.get('/denied', config).catch((reason: unknown) => reason)
      expect(printed(error)).not.toContain('CANARY')
      expect(error).toMatchObject({ response: { status: 401 } })
    })

    test('the JSON of an error', async () => {
      const error = await instance.get('/denied', { adapter }).catch((reason: unknown) => reason)
      expect(JSON.stringify(error)).not.toContain('CANARY')
    })

    test('a later failure elsewhere, whose agent remembers the connection', async () => {
      await instance.get('/', { adapter })
      const url = 'http://127.0.0.1:1/'
      const error = await instance.get(url, { adapter }).catch((reason: unknown) => reason)
      expect(printed(error)).not.toContain('CANARY')
      expect(error).toMatchObject({ message: expect.any(String) })
    })
  },
)

test('the raw request is not enumerable, but still there', async () => {
  const response = await instance.get('/', { adapter: 'http' })
  expect(response.request.path).toBe('/')
  expect(Object.keys(response)).not.toContain('request')
})

describe.each(['http', 'fetch'] as const)('a streamed answer over the %s adapter', (adapter) => {
  const fromStream = async (config: object, act?: () => void) => {
    const { data } = await instance.request({
      url: '/',
      adapter,
      responseType: 'stream',
      ...config,
    })
    try {
      for await (const piece of data) if (piece) act?.()
    } catch (error) {
      return error
    }
  }

  test('prints no token when it becomes too long', async () => {
    await instance.get('/') // renews
    const error = await fromStream({ maxContentLength: 5 }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'ERR_BAD_RESPONSE' })
    expect(printed(error)).not.toContain('CANARY')
  })

  test('prints no token when it is cancelled', async () => {
    const server = createServer((_, response) => void response.write('the start'))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    instance = createAxios()
    registerAuth(instance, api.staleManager({ origin: url }))
    const controller = new AbortController()
    const { signal } = controller
    const error = await fromStream({ url, signal }, () => controller.abort())
    server.closeAllConnections()
    server.close()
    expect(error).toMatchObject({ name: 'CanceledError' })
    expect(printed(error)).not.toContain('CANARY')
  })
})

test('an agent in the config, with a connection in use, prints no token', async () => {
  const httpAgent = new Agent({ keepAlive: true })
  const config = { adapter: 'http', httpAgent } as const
  const response = await instance.get('/', { ...config, responseType: 'stream' })
  expect(printed(response)).not.toContain('CANARY')
  const error = await instance.get('/denied', config).catch((reason: unknown) => reason)
  expect(printed(error)).not.toContain('CANARY')
  response.data.destroy()
})

test('a frozen error of a custom adapter prints no token', async () => {
  instance.defaults.adapter = async (config) => {
    const failure: Error = Object.assign(new Error('custom'), { config })
    Object.freeze(failure)
    throw failure
  }
  const error = await instance.get('/').catch((reason: unknown) => reason)
  expect(error).toMatchObject({ message: 'custom' })
  expect(printed(error)).not.toContain('CANARY')
})
