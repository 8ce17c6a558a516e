import { PassThrough } from 'node:stream'
import { registerAuth } from '@latchkey/axios'
import { memoryStore } from '@latchkey/core'
import axios, {
  type AxiosAdapter,
  type AxiosInstance,
  create as createAxios,
  type CreateAxiosDefaults,
  getAdapter,
  isAxiosError,
  isCancel,
} from 'axios'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Api, startApi } from '../../testing/test/support/api.ts'

const { CancelToken } = axios
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

describe.each(['http', 'fetch'] as const)('while a renewal is awaited (%s adapter)', (adapter) => {
  test('the timeout ends the wait as an AxiosError of its own code', async () => {
    const renewal = api.holdRenewals()
    const instance = signedIn({ adapter, timeout: 400 })
    const error = await instance.get('/').catch((reason: unknown) => reason)
    expect(isAxiosError(error)).toBe(true)
    expect(error).toMatchObject({ code: 'ECONNABORTED' })
    renewal.release()
    expect((await instance.get('/', { timeout: 0 })).status).toBe(200)
    expect(api.renewals).toBe(1)
  })

  test('timeoutErrorMessage and clarifyTimeoutError are honoured', async () => {
    const renewal = api.holdRenewals()
    const pending = signedIn({
      adapter,
      timeout: 400,
      timeoutErrorMessage: 'too slow',
      transitional: { clarifyTimeoutError: true },
    }).get('/')
    await expect(pending).rejects.toMatchObject({ code: 'ETIMEDOUT', message: 'too slow' })
    renewal.release()
  })

  test('the replay gets the rest of the timeout', async () => {
    const send = getAdapter(adapter)
    const timeouts: number[] = []
    const timing: AxiosAdapter = (config) => {
      timeouts.push(config.timeout ?? 0)
      return send(config)
    }
    await signedIn({ adapter: timing, timeout: 60_000 }).get('/')
    const [first = 0, second = 0] = timeouts
    expect(first).toBeLessThanOrEqual(60_000)
    expect(second).toBeLessThan(first)
    expect(second).toBeGreaterThan(0)
  })

  test('no timeout stays no timeout', async () => {
    expect((await signedIn({ adapter, timeout: 0 }).get('/')).status).toBe(200)
  })

  test('a signal cancels at once', async () => {
    const renewal = api.holdRenewals()
    const controller = new AbortController()
    const pending = signedIn({ adapter }).get('/', { signal: controller.signal })
    await renewal.started
    controller.abort()
    expect(isCancel(await pending.catch((error: unknown) => error))).toBe(true)
    renewal.release()
  })

  test('a cancelToken cancels at once, with its message', async () => {
    const renewal = api.holdRenewals()
    const source = CancelToken.source()
    const pending = signedIn({ adapter }).get('/', { cancelToken: source.token })
    await renewal.started
    source.cancel('enough')
    const error = await pending.catch((reason: unknown) => reason)
    expect(isCancel(error)).toBe(true)
    expect(error).toMatchObject({ message: 'enough' })
    renewal.release()
  })

  test('either of a signal and a cancelToken cancels', async () => {
    const renewal = api.holdRenewals()
    const source = CancelToken.source()
    const { signal } = new AbortController()
    const pending = signedIn({ adapter }).get('/', { cancelToken: source.token, signal })
    await renewal.started
    source.cancel()
    expect(isCancel(await pending.catch((error: unknown) => error))).toBe(true)
    renewal.release()
  })

  test('a signal of another library cancels at once', async () => {
    const renewal = api.holdRenewals()
    const signal = Object.assign(new EventTarget(), { aborted: false })
    const pending = signedIn({ adapter }).get('/', { signal })
    await renewal.started
    signal.aborted = true
    signal.dispatchEvent(new Event('abort'))
    expect(isCancel(await pending.catch((error: unknown) => error))).toBe(true)
    renewal.release()
  })
})

describe('the stream of a body', () => {
  async function whileWaiting(act: (body: PassThrough) => void): Promise<unknown> {
    const renewal = api.holdRenewals()
    const instance = createAxios({ baseURL: api.url })
    registerAuth(instance, api.staleManager({ store: memoryStore() }))
    const body = new PassThrough({ autoDestroy: false })
    body.write('piece')
    const pending = instance.post('/', body).catch((reason: unknown) => reason)
    await renewal.started
    act(body)
    const error = await pending
    renewal.release()
    return error
  }

  test('that is closed while a renewal is awaited cancels the request, as without us', async () => {
    const error = await whileWaiting((body) => body.destroy())
    expect(isCancel(error)).toBe(true)
    expect(error).toMatchObject({ message: 'Request stream has been aborted' })
  })

  test('that fails without being destroyed ends it as an AxiosError', async () => {
    const failure = Object.assign(new Error('disk'), { code: 'EIO' })
    const error = await whileWaiting((body) => void body.emit('error', failure))
    expect(isAxiosError(error)).toBe(true)
    expect(error).toMatchObject({ code: 'EIO', config: { url: '/' } })
  })
})
