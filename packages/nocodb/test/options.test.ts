import { memoryStore } from '@latchkey/core'
import { listen } from '@latchkey/testing/node'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { nocodb, nocodbFromEnv, type NocoDBOptions } from '../src/index.ts'
import {
  ada,
  BASE_URL,
  CANARY,
  codeOf,
  failure,
  printed,
  startServer,
  thrown,
} from './support/server.ts'

/** Options as a caller without TypeScript might pass them. */
const wrong = (options: object) => ({ baseUrl: BASE_URL, ...options }) as NocoDBOptions

describe('a bad option is refused when the manager is made, by its name and without a secret:', () => {
  it.each([
    ['baseUrl', { baseUrl: undefined }],
    ['baseUrl', { baseUrl: '' }],
    ['baseUrl', { baseUrl: '/nocodb' }],
    ['baseUrl', { baseUrl: 'nocodb.test' }],
    ['baseUrl', { baseUrl: 'ftp://nocodb.test' }],
    ['baseUrl', { baseUrl: 'https://nocodb.test/?a=b' }],
    ['baseUrl', { baseUrl: 'https://nocodb.test/#/signin' }],
    ['baseUrl', { baseUrl: `https://ada:${CANARY}@nocodb.test` }],
    ['baseUrl', { baseUrl: 'http://nocodb.test' }],
    ['baseUrl', { baseUrl: 'http://localhost.evil.test' }],
    ['apiToken', { apiToken: '' }],
    ['apiToken', { apiToken: null }],
    ['apiToken', { apiToken: `${CANARY}\n` }],
    ['apiToken', { apiToken: `${CANARY}\r\nx: y` }],
    ['apiToken', { apiToken: `${CANARY}\u0000` }],
    ['apiToken', { apiToken: `${CANARY} two` }],
    ['apiToken', { apiToken: 'undefined' }],
    ['email', { email: '', password: CANARY }],
    ['email', { email: 7, password: CANARY }],
    ['email', { password: CANARY }],
    ['password', { email: ada.email, password: '' }],
    ['password', { email: ada.email, password: [CANARY] }],
    ['pasword', { email: ada.email, pasword: CANARY }],
    ['baseURL', { baseURL: BASE_URL }],
    ['skipAuth', { skipAuth: true }],
    ['whenSignedOut', { whenSignedOut: 'go' }],
    ['store', { store: {} }],
    ['store', { store: null }],
    ['store', { store: { getToken: () => undefined } }],
    ['name', { name: '' }],
    ['fetch', { fetch: CANARY }],
    ['clock', { clock: {} }],
    ['renewAheadMs', { renewAheadMs: -1 }],
    ['renewAheadMs', { renewAheadMs: Number.NaN }],
    ['renewTimeoutMs', { renewTimeoutMs: 0 }],
    ['renewTimeoutMs', { renewTimeoutMs: '10' }],
  ])('%s: %o', (name, options) => {
    const error = thrown(() => nocodb(wrong(options)))
    expect(error.code).toBe('ERR_INVALID_OPTION')
    expect(error.message).toContain(`\`${name}\``)
    expect(printed(error)).not.toContain(CANARY)
  })

  it('plain http is allowed on this machine, and elsewhere with allowInsecure', () => {
    for (const baseUrl of ['http://localhost:8080', 'http://127.0.0.1/nocodb', 'http://[::1]:1']) {
      expect(() => nocodb({ baseUrl })).not.toThrow()
    }
    expect(() => nocodb({ baseUrl: 'http://nocodb.test', allowInsecure: true })).not.toThrow()
  })

  it('an email without a password is fine until a token is needed', async () => {
    const noco = startServer().open({ email: ada.email })
    expect(await codeOf(noco.getTokens())).toBe('ERR_SIGN_IN_REQUIRED')
  })

  it('a token with control characters in the store is not sent', async () => {
    const server = startServer()
    const store = memoryStore()
    void store.setToken({ accessToken: `${CANARY}\r\nx: y` }, BASE_URL)
    expect(await codeOf(server.read(server.open({ store })))).toBe('ERR_SIGN_IN_REQUIRED')
    expect(server.control.counts().requests).toBe(0)
  })
})

describe('an unknown option', () => {
  it('is an error that lists the known options', () => {
    expect(thrown(() => nocodb(wrong({ pasword: CANARY }))).message).toBe(
      'Unknown option `pasword`. Known options: baseUrl, apiToken, email, password, name, store, ' +
        'skipAuth, whenSignedOut, whenRefused, renewAheadMs, renewTimeoutMs, fetch, clock, allowInsecure.',
    )
  })

  it('and missing options are the same error', () => {
    for (const none of [undefined, 'https://nocodb.test']) {
      const error = thrown(() => nocodb(none as never))
      expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION' })
      expect(error.message).toMatch(/^Options must be an object. Known options: baseUrl, /)
    }
  })

  it('is one that the environment sets, when it is passed to nocodbFromEnv()', () => {
    const error = thrown(() => nocodbFromEnv({ NOCODB_URL: BASE_URL }, { ...ada } as never))
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION' })
    expect(error.message).toBe(
      'nocodbFromEnv() takes `email` from the environment. To pass it in code, use nocodb().',
    )
  })

  it('is not any of the known options', () => {
    const every: Required<Omit<NocoDBOptions, 'apiToken'>> = {
      ...ada,
      baseUrl: 'http://nocodb.test',
      allowInsecure: true,
      name: 'ada',
      store: memoryStore(),
      skipAuth: () => false,
      whenSignedOut: 'send',
      whenRefused: 'end',
      renewAheadMs: 1,
      renewTimeoutMs: 1,
      fetch,
      clock: Date,
    }
    expect(() => nocodb(every)).not.toThrow()
  })
})

describe('an API token beside an email and a password', () => {
  const warn = vi.fn<(message: string) => void>()
  const apiToken = `${CANARY}-token`
  beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(warn))
  afterEach(() => {
    vi.restoreAllMocks()
    warn.mockReset()
  })

  it.each([
    ['`apiToken` and ignores `email` and `password`', () => nocodb(wrong({ ...ada, apiToken }))],
    ['`apiToken` and ignores `email`', () => nocodb(wrong({ email: ada.email, apiToken }))],
    [
      'NOCODB_API_TOKEN and ignores NOCODB_EMAIL and NOCODB_PASSWORD',
      () =>
        nocodbFromEnv({
          NOCODB_URL: BASE_URL,
          NOCODB_API_TOKEN: apiToken,
          NOCODB_EMAIL: ada.email,
          NOCODB_PASSWORD: ada.password,
        }),
    ],
  ])('wins, and the console is told once: %s', async (which, make) => {
    make()
    expect(warn.mock.calls).toEqual([[`Latchkey: nocodb() uses ${which}. Remove one of them.`]])
  })

  it('is the only reason for a warning', () => {
    for (const options of [ada, { apiToken }, {}, { ...ada, apiToken: undefined }]) {
      nocodb(wrong(options))
    }
    expect(warn).not.toHaveBeenCalled()
  })
})

describe('without a way to sign in the error names what is missing', () => {
  const env = { NOCODB_URL: BASE_URL }

  it.each([
    [{}, '`email` and `password` are not given, nor is `apiToken`'],
    [{ email: ada.email }, '`password` is not given'],
  ])('%o', async (options, missing) => {
    const { message } = await failure(startServer().open(options).getTokens())
    expect(message).toBe(
      'The manager has no valid token and cannot obtain one. ' +
        `Tried: refresh token (there is none), email and password (${missing}). Sign in again.`,
    )
  })

  it.each([
    [{}, 'NOCODB_EMAIL and NOCODB_PASSWORD are not set, nor is NOCODB_API_TOKEN'],
    [{ NOCODB_EMAIL: ada.email, NOCODB_PASSWORD: '' }, 'NOCODB_PASSWORD is not set'],
  ])('from the environment: %o', async (given, missing) => {
    const { message } = await failure(nocodbFromEnv({ ...env, ...given }).getTokens())
    expect(message).toContain(`email and password (${missing}).`)
  })

  it('after a sign-in as another user', async () => {
    const server = startServer()
    server.control.addUser({ email: 'eve@example.com', password: `${CANARY}-eve` })
    const noco = server.open(ada)
    await noco.signIn({ email: 'eve@example.com', password: `${CANARY}-eve` })
    server.control.revokeSessions('eve@example.com')
    const error = await failure(noco.refresh())
    expect(error.message).toContain('(those given belong to another user than the session)')
    expect(printed(error)).not.toContain(CANARY)
  })
})

describe('the session is stored under', () => {
  it.each<[object, string]>([
    [{}, BASE_URL],
    [{ baseUrl: `${BASE_URL}/` }, BASE_URL],
    [{ name: 'ada at work' }, 'ada at work'],
    [{ name: undefined }, BASE_URL],
  ])('%o: %s', async (options, name) => {
    const store = memoryStore()
    await startServer()
      .open({ ...ada, store, ...options })
      .getTokens()
    expect(await store.names?.()).toEqual([name])
  })
})

describe('a server under a sub-path', () => {
  it.each(['', '/'])('is served, with "%s" at the end of its URL', async (end) => {
    const { double, control, clock } = startServer()
    const server = await listen(double, { basePath: '/nocodb' })
    try {
      const noco = nocodb({ baseUrl: server.url + end, ...ada, clock })
      expect((await noco.me()).email).toBe(ada.email)
      await noco.refresh()
      await noco.apiTokens.create()
      await noco.signOut()
      expect(control.counts()).toMatchObject({ signIns: 1, renewals: 1, signOuts: 1 })
    } finally {
      await server.close()
    }
  })
})

describe('nocodbFromEnv()', () => {
  const env = { NOCODB_URL: BASE_URL }
  const login = { NOCODB_EMAIL: ada.email, NOCODB_PASSWORD: ada.password }

  it('takes the URL, the email and the password', async () => {
    const { double, clock } = startServer()
    const noco = nocodbFromEnv({ ...env, ...login }, { fetch: double.fetch, clock })
    expect((await noco.me()).email).toBe(ada.email)
  })

  it('takes the API token before them', async () => {
    vi.spyOn(console, 'warn').mockImplementationOnce(() => undefined)
    const server = startServer()
    const { token } = server.control.createApiToken(ada.email)
    const noco = nocodbFromEnv(
      { ...env, ...login, NOCODB_API_TOKEN: token },
      { fetch: server.double.fetch },
    )
    await noco.me()
    expect(server.credentialsOf('me')).toEqual(['xc-token'])
  })

  it('treats an empty variable as not set', async () => {
    const { double, clock } = startServer()
    const empty = { ...env, ...login, NOCODB_API_TOKEN: '' }
    expect((await nocodbFromEnv(empty, { fetch: double.fetch, clock }).me()).email).toBe(ada.email)
    const none = { ...env, NOCODB_API_TOKEN: '', NOCODB_EMAIL: '', NOCODB_PASSWORD: '' }
    const noco = nocodbFromEnv(none, { fetch: double.fetch, clock })
    expect(await codeOf(noco.me())).toBe('ERR_SIGN_IN_REQUIRED')
  })

  it.each([{}, { NOCODB_URL: '' }, { NOCODB_URL: undefined }])(
    'asks for NOCODB_URL: %o',
    (given) => {
      const error = thrown(() => nocodbFromEnv({ ...login, ...given }))
      expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION' })
      expect(error.message).toContain('NOCODB_URL')
      expect(printed(error)).not.toContain(CANARY)
    },
  )

  it('checks the values as nocodb() does', () => {
    const code = 'ERR_INVALID_OPTION'
    const alone = { ...env, NOCODB_PASSWORD: ada.password }
    const message = 'NOCODB_PASSWORD needs the NOCODB_EMAIL it belongs to.'
    expect(thrown(() => nocodbFromEnv(alone))).toMatchObject({ code, message })
    expect(thrown(() => nocodbFromEnv({ NOCODB_URL: 'nocodb.test' }))).toMatchObject({ code })
  })
})
