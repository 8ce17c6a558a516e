import { createTokenManager, bearer, isLatchkeyError, type TokenManager } from '@latchkey/core'
import { jwtSession } from '@latchkey/jwt'
import { nocodb } from '@latchkey/nocodb'
import { oauth } from '@latchkey/oauth'
import { sharetribeMarketplace } from '@latchkey/oauth/sharetribe'
import { describe, expect, it } from 'vitest'

const FOREIGN = 'of-somebody-else'

/** What a careless merge of JSON may put on every object. */
const values = {
  ...Object.fromEntries(
    ['accessToken', 'access_token', 'token', 'refreshToken', 'refresh_token', 'apiToken', 'email']
      .concat(['username', 'password', 'clientSecret', 'scope', 'rejection', 'missing', 'name'])
      .map((name) => [name, FOREIGN]),
  ),
  expiresAt: 1,
  refreshExpiresAt: 9e15,
  allowInsecure: true,
  whenRefused: 'end',
  fields: { from: FOREIGN },
}

/** Runs `work` while every object inherits `values`. */
async function inheriting<T>(work: () => T | Promise<T>): Promise<T> {
  for (const [name, value] of Object.entries(values)) {
    Reflect.defineProperty(Object.prototype, name, { value, configurable: true, writable: true })
  }
  try {
    return await work()
  } finally {
    for (const name of Object.keys(values)) Reflect.deleteProperty(Object.prototype, name)
  }
}

/** A server that takes every credential, and what it was sent. */
function startServer() {
  const sent: string[] = []
  const send: typeof fetch = async (input, init) => {
    const { headers, body } = { headers: undefined, body: undefined, ...init }
    sent.push([input as string, ...new Headers(headers).entries(), body as string].join(' '))
    return new Response('{"access_token":"own","token":"own","token_type":"bearer"}')
  }
  return { sent, fetch: send }
}

const api = { baseUrl: 'https://api.test', origin: 'https://api.test' }
const services: Record<string, (fetch: typeof globalThis.fetch) => TokenManager> = {
  jwtSession: (fetch) =>
    jwtSession({ ...api, fetch, signIn: '/in', refresh: '/re', credentials: { pin: '1' } }),
  nocodb: (fetch) => nocodb({ baseUrl: api.baseUrl, fetch, email: 'a@b.test', password: 'own-pw' }),
  oauth: (fetch) =>
    oauth({
      origin: api.origin,
      tokenEndpoint: 'https://login.test/token',
      fetch,
      clientId: 'reports',
      clientSecret: 'own-secret',
      clientCredentials: true,
    }),
  sharetribeMarketplace: (fetch) => sharetribeMarketplace({ clientId: 'shop', fetch }),
}

describe('inherited properties are never sent', () => {
  it.each(Object.entries(services))('by %s', async (_, open) => {
    const { sent, fetch } = startServer()
    await inheriting(async () => {
      const manager = open(fetch)
      await manager.getTokens() // without a session
      await manager.refresh() // with one that has no refresh token
      const { headers } = await manager.authorize({ url: 'https://api.test/a', method: 'GET' })
      sent.push(JSON.stringify(headers))
    })
    expect(sent.filter((request) => request.includes(FOREIGN))).toEqual([])
    expect(sent.length).toBeGreaterThan(2)
  })
})

it('an inherited option does not allow plain http', async () => {
  const make = () =>
    createTokenManager({
      origin: 'http://api.test',
      scheme: bearer(),
      grants: [{ name: 'own', request: async () => undefined }],
    })
  const error = await inheriting(() => {
    try {
      return make()
    } catch (thrown) {
      return thrown
    }
  })
  expect(isLatchkeyError(error) && error.code).toBe('ERR_INVALID_OPTION')
})
