import { createTokenManager, headerScheme, isLatchkeyError } from '@latchkey/core'
import axios, { isAxiosError, type InternalAxiosRequestConfig } from 'axios'
import axiosRetry from 'axios-retry'
import { describe, expect, it } from 'vitest'
import { registerAuth } from '../src/index.ts'

const ORIGIN = 'https://api.test'

function signedOut() {
  const sent: InternalAxiosRequestConfig[] = []
  const api = axios.create({
    baseURL: ORIGIN,
    adapter: async (config) => {
      sent.push(config)
      return { config, data: 'ok', headers: {}, status: 200, statusText: 'OK' }
    },
  })
  let asked = 0
  const manager = createTokenManager({
    origin: ORIGIN,
    scheme: headerScheme('xc-auth'),
    grants: [{ name: 'none', request: async () => void (asked += 1) }],
  })
  registerAuth(api, manager)
  return { api, manager, sent, asked: () => asked }
}

describe('a request that is not sent', () => {
  it('rejects with an AxiosError that interceptors can read', async () => {
    const { api, manager, sent } = signedOut()
    const seen: unknown[] = []
    api.interceptors.response.use(undefined, (error) => {
      seen.push(error.config.url, error.response?.status)
      throw error
    })
    const error = await api.get('/orders', { params: { page: 2 } }).catch((reason) => reason)
    expect(isAxiosError(error) && error.code).toBe('ERR_SIGN_IN_REQUIRED')
    expect(isLatchkeyError(error.cause) && error.cause.code).toBe('ERR_SIGN_IN_REQUIRED')
    expect([error.config.params, seen]).toEqual([{ page: 2 }, ['/orders', undefined]])
    expect(manager.explain(error)?.code).toBe('ERR_SIGN_IN_REQUIRED')
    expect([error.toJSON().code, sent]).toEqual(['ERR_SIGN_IN_REQUIRED', []])
  })

  it('is not sent again by axios-retry with its defaults', async () => {
    const { api, asked } = signedOut()
    axiosRetry(api, { retries: 3 })
    await api.get('/orders').catch(() => undefined)
    expect(asked()).toBe(1)
  })
})

it('skipAuth: true in the config sends one request unchanged', async () => {
  const { api, sent, asked } = signedOut()
  expect((await api.get('/config', { skipAuth: true })).data).toBe('ok')
  expect([sent[0]?.headers.get('xc-auth'), asked()]).toEqual([undefined, 0])
})
