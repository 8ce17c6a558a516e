import { createServer, connect } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { registerAuth } from '@latchkey/axios'
import { type AxiosInstance, type AxiosRequestConfig, create as createAxios } from 'axios'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Api, startApi } from '../../testing/test/support/api.ts'

let api: Api
let bare: AxiosInstance
let instance: AxiosInstance
beforeEach(async () => {
  api = await startApi()
  bare = createAxios({ baseURL: api.url })
  instance = createAxios({ baseURL: api.url })
  registerAuth(instance, api.staleManager())
})
afterEach(() => api.close())

describe('an option that axios refuses is refused in the same way', () => {
  test.each<[string, object]>([
    ['sensitiveHeaders that are not a list', { adapter: 'http', sensitiveHeaders: 'xc-auth' }],
    ['a fetch that is not a function', { adapter: 'fetch', env: { fetch: 5 } }],
  ])('%s', async (_, config: AxiosRequestConfig) => {
    const [wanted, got] = await Promise.all(
      [bare, instance].map((one) => one.get('/', config).catch((error: unknown) => error)),
    )
    const { name, code, message } = wanted as { name: string; code: string; message: string }
    expect(got).toMatchObject({ name, code, message })
  })
})

test('sensitiveHeaders may be null', async () => {
  const config: object = { sensitiveHeaders: null }
  expect((await instance.get('/', config)).status).toBe(200)
})

test('a dead token is renewed over the path of a socket', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'socket-'))
  const socketPath = join(folder, 'api')
  const server = createServer((client) => {
    const upstream = connect(Number(new URL(api.url).port), '127.0.0.1')
    client.pipe(upstream).pipe(client)
  })
  await once(server.listen(socketPath), 'listening')
  expect((await instance.get('/', { socketPath })).status).toBe(200)
  expect(api.renewals).toBe(1)
  server.close()
  rmSync(folder, { recursive: true })
})

test('a streamed 401 that is too long is discarded, and the request is sent again', async () => {
  const config = { adapter: 'http', responseType: 'stream', maxContentLength: 15 } as const
  const { status, data } = await instance.get('/', config) // the 401 has 23 bytes, its successor 11
  expect([status, api.seen.length]).toEqual([200, 2])
  data.destroy()
})
