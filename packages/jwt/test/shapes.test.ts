import { memoryStore } from '@latchkey/core'
import { authorizedFetch } from '@latchkey/core/adapter'
import { describe, expect, it, test } from 'vitest'
import type { JwtSessionOptions } from '../src/index.ts'
import { ada, BASE_URL, CANARY, failure, type Issued, startApi } from './support/token-api.ts'

const pair = ({ access, refresh }: Issued) =>
  Response.json({ access_token: access, refresh_token: refresh })
const camel = ({ access, refresh }: Issued) =>
  Response.json({ accessToken: access, refreshToken: refresh, expiresIn: 60 })
const created = ({ access }: Issued) => Response.json({ token: access }, { status: 201 })
const sent = (body: string) => JSON.parse(body) as Record<string, unknown>

describe('where requests go, and how', () => {
  test('a method may be in lower case, and a function of headers may have none', async () => {
    const api = startApi()
    const signIn = { path: '/auth/login', method: 'get', headers: () => undefined as never }
    api.answerNext('/auth/login', () => Response.json({ token: 'a' }))
    await api.openBare({ signIn }).signIn({ username: 'ada' })
    expect(api.lastTo('/auth/login').init.method).toBe('GET')
  })

  test('a path may hold a colon', async () => {
    const api = startApi()
    api.answerNext('/accounts:signIn', () => Response.json({ token: 'a' }))
    await api.open({ signIn: '/accounts:signIn?key=k' }).signIn()
    expect(api.counts()).toEqual({ '/accounts:signIn': 1 })
  })

  test('with GET the fields are in the query, without a body', async () => {
    const api = startApi()
    api.answerNext('/renew', () => Response.json({ access_token: 'a2' }))
    const session = api.openBare({ refresh: { path: '/renew', method: 'GET' } })
    await session.setTokens({ accessToken: 'a', refreshToken: 'r' })
    expect((await session.refresh()).accessToken).toBe('a2')
    const { body, init } = api.lastTo('/renew')
    expect([init.method, body]).toEqual(['GET', ''])
  })

  test('headers may be a function that is asked each time', async () => {
    const api = startApi(pair)
    let tenant: string | undefined = 'north'
    const headers = async () => ({ 'x-tenant': tenant })
    const session = api.open({ refresh: { path: '/auth/refresh', headers } })
    await api.read(session)
    await session.refresh()
    expect(api.lastTo('/auth/refresh').headers.get('x-tenant')).toBe('north')
    tenant = undefined
    await session.refresh()
    expect(api.lastTo('/auth/refresh').headers.has('x-tenant')).toBe(false)
  })

  test.each([
    ['Headers', new Headers({ 'x-tenant': 'north' })],
    ['a Map', new Map([['x-tenant', 'north']])],
    ['pairs', [['x-tenant', 'north']]],
  ])('headers may be %s', async (_, headers) => {
    const api = startApi()
    await api.open({ signIn: { path: '/auth/login', headers: headers as never } }).signIn()
    expect(api.lastTo('/auth/login').headers.get('x-tenant')).toBe('north')
  })

  test('a nested place is written as it is read, beside the fields of the endpoint', async () => {
    const api = startApi(pair)
    const fields = { query: 'mutation', variables: { mode: 'json' } }
    const send = { body: 'variables.token' }
    const session = api.open({ refresh: { path: '/auth/refresh', fields, send } })
    await api.read(session)
    await session.refresh()
    expect(sent(api.lastTo('/auth/refresh').body)).toEqual({
      query: 'mutation',
      variables: { mode: 'json', token: `${CANARY}-refresh-1` },
    })
  })

  test.each<[string, JwtSessionOptions['signIn']]>([
    ['a query', { path: '/data', method: 'GET', fields: { query: 'mutation { login }' } }],
    ['an action in the address', { path: '/data?action=login', method: 'GET' }],
  ])('where %s tells a sign-in from the rest, the rest gets its token', async (_, signIn) => {
    const api = startApi()
    const session = api.openBare({ signIn })
    await session.setTokens({ accessToken: 'a' })
    await api.read(session)
    expect(api.lastTo('/data').headers.get('authorization')).toBe('Bearer a')
  })
})

describe('a success', () => {
  test('may be any 2xx', async () => {
    const api = startApi(created)
    expect((await api.open().getTokens()).accessToken).toBe(`${CANARY}-access-1`)
  })

  test('in camelCase is sent back in camelCase, and its lifetime is read', async () => {
    const api = startApi(camel)
    const session = api.open({ refresh: '/auth/refresh' })
    expect((await session.getTokens()).expiresAt).toBeGreaterThan(Date.now())
    await session.refresh()
    expect(Object.keys(sent(api.lastTo('/auth/refresh').body))).toEqual(['refreshToken'])
  })

  test('stored before a restart: field names for the refresh token are tried until the API judges one', async () => {
    const api = startApi(camel)
    const session = api.openBare({ refresh: '/auth/refresh' })
    await session.setTokens({ accessToken: 'a', refreshToken: 'r' })
    const lacking = () => Response.json({ title: 'Validation errors occurred.' }, { status: 400 })
    api.answerNext('/auth/refresh', lacking)
    api.answerNext('/auth/refresh', () => Response.json({ accessToken: 'a2' }))
    expect((await session.refresh()).accessToken).toBe('a2')
    const fields = api.arrived.map(({ body }) => Object.keys(sent(body))[0])
    expect(fields).toEqual(['refresh_token', 'refreshToken'])
  })

  test.each<[string, NonNullable<JwtSessionOptions['refreshToken']>, object, string]>([
    ['field', 'data.refreshToken', { data: { refreshToken: 'r1' } }, '{"refreshToken":"r1"}'],
    ['field of another name', 'renewal', { renewal: 'r1' }, '{"renewal":"r1"}'],
    ['header', { header: 'x-refresh' }, {}, 'r1'],
  ])(
    'with the refresh token in a %s: it goes back there',
    async (_, refreshToken, body, wanted) => {
      const api = startApi()
      const answer = () =>
        Response.json({ token: 'a', ...body }, { headers: { 'x-refresh': 'r1' } })
      api.answerNext('/auth/login', answer)
      api.answerNext('/auth/refresh', answer)
      const session = api.open({ refresh: '/auth/refresh', refreshToken })
      await session.getTokens()
      await session.refresh()
      const arrived = api.lastTo('/auth/refresh')
      expect(arrived.body || arrived.headers.get('x-refresh')).toBe(wanted)
    },
  )

  test('stored before a restart is found by an API that answers 401 to a missing token', async () => {
    const api = startApi(camel)
    const session = api.openBare({ refresh: '/auth/refresh' })
    await session.setTokens({ accessToken: 'a', refreshToken: 'r' })
    const lacking = () => Response.json({ message: 'No refresh token provided' }, { status: 401 })
    api.answerNext('/auth/refresh', lacking)
    api.answerNext('/auth/refresh', () => Response.json({ accessToken: 'a2' }))
    expect((await session.refresh()).accessToken).toBe('a2')
  })

  test('with GraphQL errors is a failure', async () => {
    const api = startApi()
    const errors = [{ message: 'Invalid user credentials.' }]
    api.answerNext('/auth/login', () => Response.json({ errors, data: null }))
    expect(await failure(api.open().signIn())).toMatchObject({
      code: 'ERR_WRONG_CREDENTIALS',
      status: 200,
      body: { errors },
    })
  })
})

describe('cookies', () => {
  const withCookies = (...lines: string[]) =>
    new Response('{}', { headers: lines.map((line): [string, string] => ['set-cookie', line]) })

  test('that belong together are sent together', async () => {
    const api = startApi()
    const login = () => withCookies('sid=v; HttpOnly', 'sid.sig=s; HttpOnly', 'other=1')
    api.answerNext('/auth/login', login)
    const session = api.open({ token: { cookie: 'sid' } })
    await api.read(session)
    expect(api.lastTo('/data').headers.get('cookie')).toBe('sid=v; sid.sig=s')
  })

  test('that belong together by option may be replaced one by one', async () => {
    const api = startApi()
    const login = () => withCookies('sid=v; HttpOnly', 'proof=p; HttpOnly', 'other=1')
    api.answerNext('/auth/login', login)
    const session = api.open({ token: { cookie: 'sid', with: ['proof'] } })
    api.answerNext('/data', () => withCookies('proof=q; HttpOnly'))
    await api.read(session)
    await api.read(session)
    const sentCookies = api.arrived.filter(({ path }) => path === '/data')
    expect(sentCookies.map(({ headers }) => headers.get('cookie'))).toEqual([
      'sid=v; proof=p',
      'sid=v; proof=q',
    ])
  })

  test('in pieces are sent without the whole, and a piece that is deleted is not sent again', async () => {
    const api = startApi()
    api.answerNext('/auth/login', () => withCookies('sid.0=a', 'sid.1=b'))
    const session = api.open({ token: { cookie: 'sid' } })
    api.answerNext('/data', () => withCookies('sid.0=c', 'sid.1=; Max-Age=0'))
    await api.read(session)
    await api.read(session)
    const all = api.arrived.filter(({ path }) => path === '/data')
    expect(all.map(({ headers }) => headers.get('cookie'))).toEqual(['sid.0=a; sid.1=b', 'sid.0=c'])
  })

  test('are kept if the same answer deletes those of another path', async () => {
    const api = startApi()
    const lines = ['sid=v; Path=/', 'sid=; Max-Age=0; Path=/old']
    api.answerNext('/auth/login', () => withCookies(...lines))
    const session = api.open({ token: { cookie: 'sid' } })
    expect((await session.getTokens()).accessToken).toBe('v')
  })

  test('that an ordinary answer renews prolong the session', async () => {
    const api = startApi()
    const now = { at: 1e12 }
    api.answerNext('/auth/login', () => withCookies('sid=v; Max-Age=10'))
    const clock = { now: () => now.at }
    const session = api.open({ token: { cookie: 'sid' }, clock })
    await session.getTokens()
    now.at += 5_000
    api.answerNext('/data', () => withCookies('sid=v; Max-Age=10'))
    await authorizedFetch(session, api.send)(`${BASE_URL}/data`)
    expect((await session.getTokens()).expiresAt).toBe(now.at + 10_000)
    expect(api.counts()['/auth/login']).toBe(1)
  })

  test('a header with the next token replaces the token', async () => {
    const api = startApi()
    api.answerNext('/auth/login', () => new Response('{}', { headers: { 'x-token': 'first' } }))
    const session = api.open({ token: { header: 'x-token' } })
    api.answerNext('/data', () => new Response('{}', { headers: { 'x-token': 'second' } }))
    await api.read(session)
    expect((await session.getTokens()).accessToken).toBe('second')
  })
})

describe('a sign-in of several steps', () => {
  const asks = () => Response.json({ twoFactor: true, ticket: 't1' })

  it('resolves with each answer, and begins the session with the last', async () => {
    const api = startApi(pair)
    const session = api.openBare()
    api.answerNext('/auth/login', asks)
    expect(await session.signIn(ada)).toEqual({
      status: 200,
      body: { twoFactor: true, ticket: 't1' },
    })
    expect(await session.isSignedIn()).toBe(false)
    api.answerNext('/auth/code', () => Response.json({ token: 'a', user: { name: 'Ada' } }))
    const { body } = await session.signIn({ ticket: 't1', code: '123456' }, '/auth/code')
    expect(body).toMatchObject({ user: { name: 'Ada' } })
    expect((await session.getTokens()).accessToken).toBe('a')
  })

  it('leaves the session from before as it was', async () => {
    const api = startApi()
    const session = api.openBare()
    await session.setTokens({ accessToken: 'before' })
    api.answerNext('/auth/login', asks)
    await session.signIn(ada)
    expect((await session.getTokens()).accessToken).toBe('before')
  })

  it('takes the cookies of a step along', async () => {
    const api = startApi()
    const session = api.openBare()
    api.answerNext('/auth/login', () => {
      const response = asks()
      response.headers.append('set-cookie', 'step=1; HttpOnly')
      return response
    })
    await session.signIn(ada)
    api.answerNext('/auth/code', () => Response.json({ token: 'a' }))
    await session.signIn({ code: '123456' }, '/auth/code')
    expect(api.lastTo('/auth/code').headers.get('cookie')).toBe('step=1')
  })

  it('of another user stays in memory, as a sign-in of one step does', async () => {
    const api = startApi()
    const store = memoryStore()
    const session = api.open({ store, name: 'mine' })
    api.answerNext('/auth/login', asks)
    await session.signIn({ username: 'grace', password: 'x' })
    api.answerNext('/auth/code', () => Response.json({ token: 'of-grace' }))
    await session.signIn({ code: '123456' }, '/auth/code')
    expect((await session.getTokens()).accessToken).toBe('of-grace')
    expect(await store.getToken('mine')).toBeUndefined()
  })

  it('takes no cookies of a step along to another sign-in, nor to another server', async () => {
    const api = startApi()
    const session = api.openBare()
    const withCookie = () => {
      const response = asks()
      response.headers.append('set-cookie', 'step=1; HttpOnly')
      return response
    }
    api.answerNext('/auth/login', withCookie)
    await session.signIn(ada)
    api.answerNext('/auth/login', withCookie)
    await session.signIn(ada)
    expect(api.lastTo('/auth/login').headers.has('cookie')).toBe(false)
    api.answerNext('/code', () => Response.json({ token: 'a' }))
    await session.signIn({ code: '123456' }, 'https://elsewhere.test/code')
    expect(api.lastTo('/code').headers.has('cookie')).toBe(false)
  })

  it('is not assumed for an answer with a token in another place', async () => {
    const api = startApi()
    api.answerNext('/auth/login', () => Response.json({ result: { token: 'a' } }))
    expect(await failure(api.openBare().signIn(ada))).toMatchObject({
      code: 'ERR_UNEXPECTED_ANSWER',
    })
  })
})

describe('the name of a session', () => {
  const nameOf = async (options: Partial<JwtSessionOptions>) => {
    const api = startApi()
    const store = memoryStore()
    api.answerNext('/auth/login', () => Response.json({ token: 'a' }))
    await api.open({ store, ...options }).getTokens()
    return ((await store.names?.()) ?? []).join()
  }

  it('is made of the server, the user and the sign-in path, without secrets, in any order', async () => {
    const name = await nameOf({})
    expect(name).toBe(`${BASE_URL}#signIn=%2Fauth%2Flogin&username=ada`)
    const { username, password } = ada
    expect(await nameOf({ credentials: { password, username } })).toBe(name)
    expect(await nameOf({ credentials: { ...ada, tenant: 'north' } })).toBe(
      name.replace('username', 'tenant=north&username'),
    )
  })

  it.each([
    ['an unknown name', { nik: 'ada-of-north', pwd: 'x' }, { nik: 'ada-of-south', pwd: 'x' }],
    ['a key alone', { api_key: `${CANARY}-of-ada` }, { api_key: `${CANARY}-of-bob` }],
  ])('is told by %s as well, without showing it', async (_, mine, theirs) => {
    const names = await Promise.all([mine, theirs].map((credentials) => nameOf({ credentials })))
    expect(new Set(names).size).toBe(2)
    expect(names.join()).not.toMatch(/CANARY|ada-of/)
  })

  it('includes the query of the sign-in, without secrets', async () => {
    const paths = ['north', 'south'].map((one) => `/auth/login?tenant=${one}&key=${CANARY}`)
    const names = await Promise.all(paths.map((signIn) => nameOf({ signIn })))
    expect(new Set(names).size).toBe(2)
    expect(names.join()).not.toContain(CANARY)
  })

  it('includes the headers of the sign-in', async () => {
    const signIn = (tenant: string) => ({ path: '/auth/login', headers: { 'x-tenant': tenant } })
    const names = await Promise.all(
      ['north', 'south'].map((one) => nameOf({ signIn: signIn(one) })),
    )
    expect(new Set(names).size).toBe(2)
  })

  it('is the same for any order of the credentials', async () => {
    const api = startApi()
    const store = memoryStore()
    const session = api.open({ store, name: 'mine' })
    await session.signIn({ password: ada.password, username: ada.username })
    expect(await store.getToken('mine')).toMatchObject({ accessToken: `${CANARY}-access-1` })
  })
})

test('a sign-out that ends only the token it receives gets both tokens', async () => {
  const api = startApi(pair)
  const session = api.open({
    refresh: '/auth/refresh',
    signOut: { path: '/auth/logout', send: 'bearer' },
  })
  await api.read(session)
  await session.signOut()
  const told = api.arrived.filter(({ path }) => path === '/auth/logout')
  expect(told.map(({ headers }) => headers.get('authorization'))).toEqual([
    `Bearer ${CANARY}-access-1`,
    `Bearer ${CANARY}-refresh-1`,
  ])
})
