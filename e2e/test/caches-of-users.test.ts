import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { registerAuth } from '@latchkey/axios'
import { bearer, createTokenManager, headerScheme, type Scheme } from '@latchkey/core'
import axios, { type AxiosInstance } from 'axios'
import { setupCache } from 'axios-cache-interceptor'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** Tells whoever asks which credential came, and lets caches keep that for as long as the credential is the same. */
const server = createServer(({ headers }, response) => {
  const { authorization = 'none', 'xc-auth': token = 'none' } = headers
  response.setHeader('cache-control', 'max-age=600')
  response.setHeader('content-type', 'application/json')
  response.setHeader('vary', 'Authorization, xc-auth')
  response.end(JSON.stringify([authorization, token]))
})
let origin: string

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

function cached(order: 'before' | 'after', scheme: Scheme) {
  const http: AxiosInstance = axios.create({ baseURL: origin })
  const signIn = { name: 'sign-in', request: () => Promise.resolve(undefined) }
  const manager = createTokenManager({ origin, scheme, grants: [signIn] })
  if (order === 'before') setupCache(http)
  const unregister = registerAuth(http, manager)
  if (order === 'after') setupCache(http)
  const ask = async () => {
    const response = await http.get<string[]>('/')
    return [response.data.find((one) => one !== 'none'), (response as { cached?: boolean }).cached]
  }
  return { http, manager, unregister, ask }
}

describe.each(['before', 'after'] as const)(
  'axios-cache-interceptor set up %s registerAuth',
  (order) => {
    it.each([
      ['bearer', bearer(), 'Bearer '],
      ['xc-auth', headerScheme('xc-auth'), ''],
    ])('returns each user’s own answer, by %s, and from the cache', async (_, scheme, prefix) => {
      const { manager, ask } = cached(order, scheme)
      await manager.setTokens({ accessToken: 'ada' })
      expect([await ask(), await ask()]).toEqual([
        [`${prefix}ada`, false],
        [`${prefix}ada`, true],
      ])
      await manager.setTokens({ accessToken: 'bob' })
      expect([await ask(), await ask()]).toEqual([
        [`${prefix}bob`, false],
        [`${prefix}bob`, true],
      ])
    })

    it('returns no cached answer after a sign-out', async () => {
      const { manager, ask } = cached(order, bearer())
      await manager.setTokens({ accessToken: 'ada' })
      await ask()
      await manager.signOut()
      await expect(ask()).rejects.toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
    })

    it('sends only the token: neither another host nor a request after unregistering receives the mark', async () => {
      const { http, manager, unregister } = cached(order, bearer())
      await manager.setTokens({ accessToken: 'ada' })
      const foreign = origin.replace('127.0.0.1', 'localhost')
      const other = await http.get(`${foreign}/foreign`).catch(() => undefined)
      expect(other?.data ?? ['none', 'none']).toEqual(['none', 'none'])
      unregister()
      expect((await http.get('/late')).data).toEqual(['none', 'none'])
    })
  },
)
