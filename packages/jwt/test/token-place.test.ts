import { SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { readTokens, type TokenPlaces } from '../src/token-place.ts'
import { parseBody } from '../src/answer.ts'
import { CANARY } from './support/token-api.ts'

const jwt = await new SignJWT({ sub: 'ada', word: CANARY })
  .setProtectedHeader({ alg: 'HS256' })
  .sign(new TextEncoder().encode(CANARY))
const opaque = `${CANARY}-opaque`
const NOW = 1_700_000_000_000

interface Written {
  headers?: Record<string, string> | [string, string][]
}

/** What is read of an answer with `body`, written as a server writes it. */
function read(body: string, places: TokenPlaces = {}, { headers }: Written = {}) {
  const response = new Response(body, headers ? { headers } : {})
  return readTokens(places, { response, text: body, body: parseBody(body) }, NOW, true)
}

describe('without the option `token`, the access token is found', () => {
  test.each([
    ['boxed, as the whole body', JSON.stringify([jwt])],
    ['as a JSON string', JSON.stringify(jwt)],
    ['as text', `${jwt}\n`],
    ['as text after "Bearer"', `Bearer ${jwt}`],
    ['in a boxed field', JSON.stringify({ jwt: [jwt] })],
    ['in a field of a boxed object', JSON.stringify([{ jwt: [jwt] }])],
    ['in access_token', JSON.stringify({ token_type: 'Bearer', access_token: jwt })],
    ['in accessToken', JSON.stringify({ accessToken: jwt })],
    ['in access', JSON.stringify({ access: jwt })],
    ['in token', JSON.stringify({ token: jwt, user: { id: 1 } })],
    ['after a "Bearer " in its field', JSON.stringify({ token: `Bearer ${jwt}` })],
  ])('%s', (_, body) => {
    expect(read(body)?.accessToken).toBe(jwt)
  })

  test.each([
    ['an empty object', '{}'],
    ['null', 'null'],
    ['nothing', ''],
    ['a word that is not a JWT', 'OK'],
    ['a page', '<html><body>Sign in</body></html>'],
    ['an empty token', '{"token":""}'],
    ['a token that is null', '{"token":null}'],
    ['a number', '{"token":5}'],
    ['what only a prototype has', '{"__proto__":{"token":"x"}}'],
  ])('not in %s', (_, body) => {
    expect(read(body)).toBeUndefined()
  })
})

describe('the access token is taken from', () => {
  test.each<[string, string, TokenPlaces['token'], Written?]>([
    ['a path', JSON.stringify({ data: { token: opaque } }), 'data.token'],
    ['a boxed path', JSON.stringify({ data: [{ token: [[opaque]] }] }), 'data.token'],
    ['an index', JSON.stringify({ tokens: ['other', opaque] }), 'tokens.1'],
    [
      'a field that is not a default',
      JSON.stringify({ access_token: 'other', id_token: opaque }),
      'id_token',
    ],
    [
      'a function of the body',
      JSON.stringify({ a: [opaque] }),
      (body) => (body as { a: unknown }).a,
    ],
    [
      'a function of the response',
      '',
      (_, { headers }) => headers.get('x'),
      { headers: { x: opaque } },
    ],
    [
      'a header',
      '',
      { header: 'Authorization' },
      { headers: { authorization: `Bearer ${opaque}` } },
    ],
    [
      'a cookie',
      '{}',
      { cookie: 'token' },
      {
        headers: [
          ['set-cookie', `a=b`],
          ['set-cookie', `token=${opaque}; HttpOnly`],
        ],
      },
    ],
    [
      'a cookie set twice: the last',
      '',
      { cookie: 't' },
      {
        headers: [
          ['set-cookie', 't=x'],
          ['set-cookie', `t=${opaque}`],
        ],
      },
    ],
  ])('%s', (_, body, token, written) => {
    expect(read(body, token === undefined ? {} : { token }, written)?.accessToken).toBe(opaque)
  })

  test('a cookie exactly as it was sent, without decoding', () => {
    const headers = { 'set-cookie': 'token=a%2Fb%3D; Path=/' }
    expect(read('', { token: { cookie: 'token' } }, { headers })?.accessToken).toBe('a%2Fb%3D')
  })

  test.each([
    ['a field that is not there', 'nowhere', {}],
    ['a cookie that is deleted', { cookie: 't' }, { headers: { 'set-cookie': 't=x; Max-Age=0' } }],
    ['an empty cookie', { cookie: 't' }, { headers: { 'set-cookie': 't=' } }],
    ['a header that is not there', { header: 'x-token' }, {}],
  ])('no other place than the one named: %s', (_, token, written) => {
    expect(read(JSON.stringify({ token: jwt }), { token }, written)).toBeUndefined()
  })
})

test('a token on a polluted prototype is ignored', () => {
  const { prototype } = Object
  Object.defineProperty(prototype, 'jwt', { value: opaque, configurable: true })
  try {
    expect(read('{}')).toBeUndefined()
  } finally {
    Reflect.deleteProperty(prototype, 'jwt')
  }
})

describe('the refresh token is taken from', () => {
  test.each<[string, unknown, TokenPlaces]>([
    ['refresh_token', { token: opaque, refresh_token: ['r'] }, {}],
    ['refreshToken', { token: opaque, refreshToken: 'r' }, {}],
    ['refresh', { access: opaque, refresh: 'r' }, {}],
    ['a path', { token: opaque, data: { r: 'r' } }, { refreshToken: 'data.r' }],
  ])('%s', (_, body, places) => {
    expect(read(JSON.stringify(body), places)?.refreshToken).toBe('r')
  })

  test('a cookie, with when it expires', () => {
    const headers = { 'set-cookie': 'r=secret; Max-Age= 60; Expires=Thu, 01 Jan 1970 00:00:00 GMT' }
    expect(
      read(JSON.stringify({ token: opaque }), { refreshToken: { cookie: 'r' } }, { headers }),
    ).toEqual({
      accessToken: opaque,
      refreshToken: 'secret',
      refreshExpiresAt: NOW + 60_000,
    })
  })
})

describe('the expiry is read', () => {
  const at = NOW + 90_000
  test.each<[string, unknown, TokenPlaces, number | undefined]>([
    ['from expires_in, in seconds', { expires_in: 90 }, {}, at],
    ['from a boxed number', { expires_in: [90] }, {}, at],
    ['from a number in quotes', { expires_in: '90' }, {}, at],
    ['from a path', { data: { ttl: 90 } }, { expiresIn: 'data.ttl' }, at],
    [
      'from a function',
      { expires: 90_000 },
      { expiresIn: (body) => (body as { expires: number }).expires / 1000 },
      at,
    ],
    ['from an instant in seconds', { exp: at / 1000 }, { expiresAt: 'exp' }, at],
    ['from an instant in milliseconds', { exp: at }, { expiresAt: 'exp' }, at],
    ['from a date', { exp: new Date(at).toISOString() }, { expiresAt: 'exp' }, at],
    ['as unknown from a word', { expires_in: '1h' }, {}, undefined],
    ['as unknown from no date', { exp: 'soon' }, { expiresAt: 'exp' }, undefined],
    ['as unknown from nothing', {}, {}, undefined],
  ])('%s', (_, body, places, expected) => {
    expect(read(JSON.stringify({ token: opaque, ...(body as object) }), places)?.expiresAt).toBe(
      expected,
    )
  })

  test("from a cookie's Max-Age, unless the cookie holds a JWT with its own expiry", () => {
    const cookie = (value: string) => ({ headers: { 'set-cookie': `t=${value}; Max-Age=90` } })
    expect(read('', { token: { cookie: 't' } }, cookie(opaque))?.expiresAt).toBe(at)
    expect(read('', { token: { cookie: 't' } }, cookie(jwt))?.expiresAt).toBeUndefined()
  })
})
