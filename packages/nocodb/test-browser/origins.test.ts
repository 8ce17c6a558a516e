import { memoryStore } from '@latchkey/core'
import { nocodb } from '@latchkey/nocodb'
import { describe, expect, inject, test } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** A NocoDB double: e2e/browser-server.ts. */
    nocodb: { url: string; proxiedAt: string; email: string; password: string }
  }
}

const { url, proxiedAt, email, password } = inject('nocodb')

/** A store with the session of an earlier visit, whose access token has expired. */
function earlierVisit() {
  const store = memoryStore()
  void store.setToken({ accessToken: 'expired', expiresAt: 1 }, url)
  return store
}

describe('a page of another origin than NocoDB', () => {
  test('signs in, and is signed in', async () => {
    const noco = nocodb({ baseUrl: url, email, password })
    expect(await noco.isSignedIn()).toBe(true)
    expect(await noco.me()).toMatchObject({ email })
  })

  test('cannot refresh by cookie, and is told the ways out', async () => {
    const noco = nocodb({ baseUrl: url, store: earlierVisit() })
    await expect(noco.getTokens()).rejects.toMatchObject({
      code: 'ERR_CROSS_ORIGIN_REFRESH',
      message: expect.stringContaining('reverse proxy'),
    })
  })

  test('signs in again instead when it knows the password', async () => {
    const noco = nocodb({ baseUrl: url, email, password, store: earlierVisit() })
    expect(await noco.me()).toMatchObject({ email })
  })

  test('may use an API token', async () => {
    const { token } = await nocodb({ baseUrl: url, email, password }).apiTokens.create({
      description: 'browser',
    })
    await expect(nocodb({ baseUrl: url, apiToken: token }).getTokens()).resolves.toBeTruthy()
  })
})

describe("a page of NocoDB's own origin", () => {
  const baseUrl = location.origin + proxiedAt

  test('refreshes by the cookie that the browser keeps, without the password', async () => {
    const store = memoryStore()
    await nocodb({ baseUrl, email, password, store, name: 'visit' }).getTokens()
    const later = nocodb({ baseUrl, store, name: 'visit' })
    const grants: string[] = []
    later.on('renewed', ({ grant }) => grants.push(grant))
    await later.refresh()
    expect(await later.me()).toMatchObject({ email })
    expect(grants).toContain('refresh token')
    expect(new Set(grants)).toEqual(new Set(['refresh token']))
  })

  test('keeps no refresh token where a script could read it', async () => {
    const store = memoryStore()
    await nocodb({ baseUrl, email, password, store, name: 'visit' }).getTokens()
    expect(await store.getToken('visit')).toMatchObject({ refreshToken: 'in-the-cookie-jar' })
    expect(document.cookie).not.toContain('refresh_token')
  })
})
