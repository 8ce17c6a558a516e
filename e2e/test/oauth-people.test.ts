import { memoryStore } from '@latchkey/core'
import {
  finishSignIn,
  type OAuth,
  oauth,
  signInWithDevice,
  startSignIn,
  startSignOut,
} from '@latchkey/oauth'
import { signInWithBrowser } from '@latchkey/oauth/node'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { browse } from '../src/oauth/browser.ts'
import { callback, type OAuthServer, person, startOAuthServer } from '../src/oauth/server.ts'
import { atOnce } from './support/at-once.ts'
import { statusesOf, subjects } from './support/subjects.ts'

let server: OAuthServer

beforeAll(async () => {
  server = await startOAuthServer()
})
afterAll(() => server.close())
beforeEach(() => {
  Object.assign(server.noticed, { consumed: 0, revoked: 0, refused: [] })
})

const scope = 'openid offline_access'
const open = (more: Partial<Parameters<typeof oauth>[0]> = {}) =>
  oauth({ origin: server.url, issuer: server.url, ...person, scope, ...more })

const byCode = async (manager: OAuth) => {
  const { url, pending } = await startSignIn(manager, { redirectUri: callback })
  await finishSignIn(manager, await browse(url, callback), { pending })
}
const byBrowser = (manager: OAuth) => signInWithBrowser(manager, { open: (url) => browse(url) })
const byDevice = (manager: OAuth) =>
  atOnce(() =>
    signInWithDevice(manager, {
      onCode: ({ verificationUriComplete = '' }) => browse(verificationUriComplete),
    }),
  )

const ways = [
  ['a code in a page or on a server', byCode],
  ['the browser of this machine', byBrowser],
  ['another device', byDevice],
] as const

describe.each(ways)('a person who signs in with %s', (_, signIn) => {
  test.each(subjects)(
    'continues across an expiry with 30 requests at once, $name',
    async (client) => {
      const manager = open()
      await signIn(manager)
      const send = client.subject.connect({ manager, baseUrl: server.url })
      for (const round of [1, 2]) {
        server.expireAccessTokens()
        expect(await statusesOf(30, () => send('/me'))).toEqual([200])
        expect(server.noticed).toEqual({ consumed: round, revoked: 0, refused: [] })
      }
    },
  )

  test('is remembered by the store', async () => {
    const store = memoryStore()
    await signIn(open({ store }))
    const { accessToken } = await open({ store }).getTokens()
    expect(accessToken).not.toBe('')
  })
})

describe('a sign-in by code', () => {
  const start = (manager: OAuth, parameters = {}) =>
    startSignIn(manager, { redirectUri: callback, parameters })

  test('can be stored as text, and completed in another process with a relative URL', async () => {
    const { url, pending } = await start(open())
    const { pathname, search } = await browse(url, callback)
    const kept = JSON.parse(JSON.stringify(pending)) as typeof pending
    const elsewhere = open()
    const answer = await finishSignIn(elsewhere, pathname + search, { pending: kept })
    expect(answer).toMatchObject({ status: 200, body: { token_type: 'Bearer' } })
    expect(elsewhere.state.status).toBe('signedIn')
  })

  test('can be completed once: its code does not start a second session', async () => {
    const manager = open()
    const { url, pending } = await start(manager)
    const end = await browse(url, callback)
    await finishSignIn(manager, end, { pending })
    await expect(finishSignIn(open(), end, { pending })).rejects.toMatchObject({
      code: 'ERR_SIGN_IN_REFUSED',
    })
  })

  test.each([
    ['to another sign-in', async () => (await start(open())).pending],
    ['to none that is known here', () => undefined],
  ])('refuses an answer %s, and keeps the session in use', async (_, other) => {
    const manager = open()
    await byCode(manager)
    const before = await manager.getTokens()
    const end = await browse((await start(manager)).url, callback)
    const pending = await other()
    const finishing = finishSignIn(manager, end, pending && { pending })
    await expect(finishing).rejects.toMatchObject({ code: 'ERR_SIGN_IN_NOT_STARTED' })
    expect(await manager.getTokens()).toEqual(before)
  })

  test('that was intercepted is useless without its verifier', async () => {
    const manager = open()
    const { url, pending } = await start(manager)
    const end = await browse(url, callback)
    const stolen = { ...pending, codeVerifier: (await start(manager)).pending.codeVerifier }
    await expect(finishSignIn(open(), end, { pending: stolen })).rejects.toMatchObject({
      code: 'ERR_SIGN_IN_REFUSED',
    })
  })

  test('with the ID token of another sign-in is refused', async () => {
    const manager = open()
    const { url, pending } = await start(manager)
    const end = await browse(url, callback)
    const finishing = finishSignIn(manager, end, { pending: { ...pending, nonce: 'other' } })
    await expect(finishing).rejects.toMatchObject({ code: 'ERR_UNEXPECTED_ANSWER' })
    expect(manager.state.status).not.toBe('signedIn')
  })

  test('of a user who declines is rejected, with the server’s reason', async () => {
    const manager = open()
    const { url, pending } = await start(manager, { login_hint: 'nobody' })
    const end = await browse(url, callback)
    await expect(finishSignIn(manager, end, { pending })).rejects.toMatchObject({
      code: 'ERR_SIGN_IN_REFUSED',
      body: { error: 'access_denied' },
    })
  })
})

describe('an ID token and the granted scope', () => {
  test('are kept, in the store too, and over a refresh', async () => {
    const store = memoryStore()
    const manager = open({ store })
    // Without `prompt: 'consent'` this server grants no offline_access.
    const kept = { scope: 'openid', idToken: expect.any(String) }
    await byCode(manager)
    const { idToken } = await manager.getTokens()
    expect(idToken).toMatch(/^ey/)
    expect(await manager.refresh()).toMatchObject(kept)
    expect(await open({ store }).getTokens()).toMatchObject(kept)
  })

  test('let a sign-out end the session of the server’s pages too', async () => {
    const manager = open()
    await byCode(manager)
    const { url = '' } = await startSignOut(manager, { redirectUri: callback })
    expect(manager.state.status).toBe('signedOut')
    expect(new URL(url).searchParams.get('id_token_hint')).toMatch(/^ey/)
    const end = await browse(url, callback)
    expect(end.href).toBe(callback)
  })

  test('without a session still lead to the server’s sign-out page', async () => {
    const { url = '' } = await startSignOut(open())
    expect([...new URL(url).searchParams]).toEqual([['client_id', person.clientId]])
  })
})

describe('a sign-in with the browser of this machine', () => {
  test('ignores requests that are not the answer', async () => {
    const manager = open()
    const visit = async (url: string) => {
      const redirectUri = new URL(url).searchParams.get('redirect_uri') ?? ''
      const others = ['?state=other&code=x', '?error=access_denied', '']
      const statuses = await Promise.all(
        others.map(async (query) => (await fetch(redirectUri + query)).status),
      )
      expect(statuses).toEqual([404, 404, 404])
      await browse(url)
    }
    await signInWithBrowser(manager, { open: (url) => void visit(url) })
    expect(manager.state.status).toBe('signedIn')
  })

  test('shows the result in the browser', async () => {
    const shown: Promise<number>[] = []
    const visit = async (url: string, hint: string) =>
      (await fetch(await browse(`${url}&login_hint=${hint}`, callbackOf(url)))).status
    const signIn = (hint: string) =>
      signInWithBrowser(open(), { open: (url) => void shown.push(visit(url, hint)) })
    await signIn('ada')
    await expect(signIn('nobody')).rejects.toMatchObject({ code: 'ERR_SIGN_IN_REFUSED' })
    expect(await Promise.all(shown)).toEqual([200, 400])
  })

  test('ends with the reason of its signal, and stops listening', async () => {
    const controller = new AbortController()
    let address = ''
    const signingIn = signInWithBrowser(open(), {
      signal: controller.signal,
      open(url) {
        address = callbackOf(url)
        controller.abort(new Error('changed my mind'))
      },
    })
    await expect(signingIn).rejects.toThrow('changed my mind')
    await expect(fetch(address)).rejects.toThrow('fetch failed')
  })

  test('ends when the user takes too long', async () => {
    const signingIn = signInWithBrowser(open(), { timeoutMs: 1, open: () => undefined })
    await expect(signingIn).rejects.toMatchObject({ code: 'ERR_SIGN_IN_EXPIRED' })
  })

  test('without a browser is an error, unless the address is shown', async () => {
    const failing = () => Promise.reject(new Error('no desktop'))
    await expect(signInWithBrowser(open(), { open: failing })).rejects.toMatchObject({
      code: 'ERR_BROWSER_UNAVAILABLE',
    })
    const manager = open()
    await signInWithBrowser(manager, { open: failing, onUrl: (url) => void browse(url) })
    expect(manager.state.status).toBe('signedIn')
  })
})

const callbackOf = (url: string) => new URL(url).searchParams.get('redirect_uri') ?? ''

describe('a sign-in with another device', () => {
  test('waits for the user, and ends when the user declines', async () => {
    const signingIn = atOnce(() =>
      signInWithDevice(open(), {
        parameters: { login_hint: 'nobody' },
        onCode: ({ verificationUriComplete = '' }) => browse(verificationUriComplete),
      }),
    )
    await expect(signingIn).rejects.toMatchObject({ code: 'ERR_SIGN_IN_REFUSED' })
  })

  test('asks again while the user has not entered the code', async () => {
    const manager = open()
    let questions = 0
    const counting: typeof fetch = (input, init) => {
      if (`${init?.body as URLSearchParams}`.includes('device_code=')) questions += 1
      if (questions === 3) void browse(shown)
      return fetch(input, init)
    }
    let shown = ''
    const patient = open({ fetch: counting })
    await atOnce(() =>
      signInWithDevice(patient, {
        onCode: ({ verificationUriComplete = '' }) => (shown = verificationUriComplete),
      }),
    )
    expect(questions).toBeGreaterThan(2)
    expect(manager.state.status).toBe('unknown')
  })
})
