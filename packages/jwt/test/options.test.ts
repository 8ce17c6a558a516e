import { bearer } from '@latchkey/core'
import { describe, expect, test } from 'vitest'
import { jwtSession } from '../src/index.ts'
import { CANARY, failure, startApi } from './support/token-api.ts'

/** Options as JavaScript may give them. */
const open = (more: object) =>
  jwtSession({ baseUrl: 'https://api.test', signIn: '/login', ...more })

describe('a wrong option is an error at once, which names the option', () => {
  test.each<[string, object]>([
    ['baseUrl', { baseUrl: undefined }],
    ['baseUrl', { baseUrl: '/api' }],
    ['baseUrl', { baseUrl: 'ftp://api.test' }],
    ['baseUrl', { baseUrl: `https://ada:${CANARY}@api.test` }],
    ['baseUrl', { baseUrl: `https://api.test?key=${CANARY}` }],
    ['baseUrl', { baseUrl: 'http://api.test' }],
    ['signIn', { signIn: undefined }],
    ['signIn', { signIn: '' }],
    ['signIn', { signIn: { path: 5 } }],
    ['signIn', { signIn: 'ftp://auth.test/login' }],
    ['signIn', { signIn: 'http://auth.test/login' }],
    ['signIn', { signIn: `https://ada:${CANARY}@auth.test/login` }],
    ['signIn.as', { signIn: { path: '/login', as: 'xml' } }],
    ['signIn.method', { signIn: { path: '/login', method: 'HEAD' } }],
    ['signIn.rejected', { signIn: { path: '/login', rejected: 401 } }],
    ['signIn.rejected', { signIn: { path: '/login', rejected: ['401'] } }],
    ['signIn.fields', { signIn: { path: '/login', fields: () => ({}) } }],
    ['signIn.fields', { signIn: { path: '/login', fields: new Map() } }],
    ['allowInsecure', { allowInsecure: 'true' }],
    ['signIn.headers', { signIn: { path: '/login', headers: { 'x-key': `${CANARY}\n.` } } }],
    ['refresh', { refresh: {} }],
    ['refresh.send', { refresh: { path: '/refresh', send: {} } }],
    ['refresh.send', { refresh: { path: '/refresh', send: { header: 'x y' } } }],
    ['refresh.send', { refresh: { path: '/refresh', send: { body: '' } } }],
    ['signOut.send', { signOut: { path: '/out', send: 'cookie' } }],
    ['signOut', { signOut: '' }],
    ['credentials', { credentials: CANARY }],
    ['credentials', { credentials: [CANARY] }],
    ['credentials', { credentials: {} }],
    ['credentials.password', { credentials: { user: CANARY, password: undefined } }],
    ['token', { token: '' }],
    ['token', { token: { field: 'x' } }],
    ['token', { token: { header: 'x y' } }],
    ['token.cookie', { token: { cookie: 'a=b' } }],
    ['expiresIn', { expiresIn: { cookie: 'x' } }],
    ['scheme', { scheme: bearer(), token: { cookie: 'token' } }],
    ['refreshPath', { refreshPath: '/refresh' }],
    ['signIn.methd', { signIn: { path: '/login', methd: 'PUT' } }],
    ['signIn.send', { signIn: { path: '/login', send: 'bearer' } }],
    ['refresh.deferred', { refresh: { path: '/refresh', deferred: 409 } }],
    ['signOut.rejected', { signOut: { path: '/out', rejected: [401] } }],
    ['grants', { grants: [] }],
    ['store', { store: {} }],
    ['isTokenRejected', { isTokenRejected: 401 }],
  ])('%s: %o', (option, more) => {
    const make = () => open(more)
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }))
    expect(make).toThrow(`\`${option}\``)
    expect(make).not.toThrow(CANARY)
  })

  test('the error names `origin` if it was given', () => {
    expect(() => open({ origin: 'https://api.test/path' })).toThrow('`origin`')
  })
})

describe('a path', () => {
  test.each([
    ['https://api.test', '/auth/login', 'https://api.test/auth/login'],
    ['https://api.test/v1', '/auth/login', 'https://api.test/v1/auth/login'],
    ['https://api.test/v1/', 'auth/login', 'https://api.test/v1/auth/login'],
    ['https://api.test/v1', 'https://auth.test/login', 'https://auth.test/login'],
    ['https://api.test/v1', 'http://127.0.0.1:8000/login', 'http://127.0.0.1:8000/login'],
    ['https://api.test', '/login?tenant=1', 'https://api.test/login?tenant=1'],
  ])('below %s: %s is %s', async (baseUrl, signIn, expected) => {
    const asked: string[] = []
    const send: typeof fetch = async (input) => {
      asked.push(new Request(input).url)
      return Response.json({ token: `${CANARY}-token` })
    }
    await open({ baseUrl, signIn, credentials: { user: 'ada' }, fetch: send }).signIn()
    expect(asked).toEqual([expected])
  })
})

test('the token goes to the origin of baseUrl only, also if the sign-in is at another origin', async () => {
  const api = startApi()
  const session = api.open({ signIn: 'https://auth.test/v1/auth/login' })
  const authorize = async (url: string) => (await session.authorize({ url, method: 'GET' })).headers
  expect(await authorize('https://api.test/data')).toEqual({
    authorization: `Bearer ${CANARY}-access-1`,
  })
  expect(await authorize('https://auth.test/data')).toEqual({})
})

test('`origin` adds more origins', async () => {
  const api = startApi()
  const session = api.open({ origin: ['https://api.test', 'https://files.test'] })
  const { headers } = await session.authorize({ url: 'https://files.test/a', method: 'GET' })
  expect(headers).toHaveProperty('authorization')
})

test('`skipAuth` applies in addition to the paths of sign-in and refresh', async () => {
  const api = startApi()
  const session = api.open({ skipAuth: ({ url }) => url.pathname.endsWith('/public') })
  const authorize = async (method: string, path: string) =>
    (await session.authorize({ url: `https://api.test/v1${path}`, method })).headers
  expect(await authorize('GET', '/public')).toEqual({})
  expect(await authorize('POST', '/auth/login')).toEqual({})
  expect(await authorize('GET', '/auth/login')).toHaveProperty('authorization')
  expect(await authorize('GET', '/data')).toHaveProperty('authorization')
})

test('a function that returns incomplete credentials is an error that names the field', async () => {
  const wrong = { code: 'ERR_INVALID_OPTION', message: '`credentials.password` is undefined.' }
  const session = startApi().openBare()
  expect(await failure(session.signIn({ user: 'ada', password: undefined }))).toMatchObject(wrong)
})
