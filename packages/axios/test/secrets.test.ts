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
