import { describe, expect, it, vi } from 'vitest'
import {
  apiToken,
  bearer,
  createTokenManager,
  headerScheme,
  isLatchkeyError,
  type TokenManagerOptions,
} from '../src/index.ts'
import { authorizedFetch } from '../src/adapter.ts'
import { mayCarrySecrets } from '../src/service.ts'

const good: TokenManagerOptions = {
  origin: 'https://api.test',
  scheme: bearer(),
  grants: [apiToken('secret-token')],
}

const message = (make: () => unknown): string => {
  try {
    make()
  } catch (error) {
    expect(error).toMatchObject({ name: 'LatchkeyError', code: 'ERR_INVALID_OPTION' })
    return (error as Error).message
  }
  throw new Error('expected to be refused')
}

it.each([undefined, null, {}, { authorize() {} }, { recover() {} }, 'manager'])(
  'what is no manager (%j) is refused before anything is sent bare',
  (none) => {
    const send = vi.fn<typeof fetch>()
    expect(message(() => authorizedFetch(none as never, send))).toBe(
      '`manager` must come from createTokenManager() or from a service such as nocodb().',
    )
    expect(send).not.toHaveBeenCalled()
  },
)

describe('createTokenManager() refuses', () => {
  it.each<[string, Record<string, unknown>, RegExp]>([
    ['no origin', { origin: undefined }, /`origin` must name at least one origin/],
    ['an empty list of origins', { origin: [] }, /`origin` must name at least one/],
    ['a relative origin', { origin: '/api' }, /`origin` must be an absolute http\(s\) URL/],
    ['a bare host', { origin: 'api.test' }, /`origin` must be an absolute/],
    ['another scheme', { origin: 'ftp://api.test' }, /`origin` must be an absolute http/],
    ['a data URL', { origin: 'data:text/plain,a' }, /`origin` must be an absolute http/],
    [
      'an origin with a path',
      { origin: 'https://api.test/v1' },
      /scheme, host and port only: https:\/\/api\.test/,
    ],
    [
      'an origin with a password',
      { origin: 'https://u:hunter2@api.test' },
      /must not hold a user name/,
    ],
    ['an origin with a user name', { origin: 'https://u@api.test' }, /must not hold a user name/],
    ['a URL object', { origin: [new URL('https://api.test')] }, /must be an absolute http/],
    ['a scheme that ends like http', { origin: 'nothttp://api.test' }, /must be an absolute http/],
    ['a name that ends like localhost', { origin: 'http://notlocalhost' }, /plain http/],
    ['plain http', { origin: 'http://api.test' }, /plain http beyond this machine/],
    ['a lookalike of localhost', { origin: 'http://localhost.evil.test' }, /plain http/],
    ['a lookalike of 127.0.0.1', { origin: 'http://127.0.0.1.nip.io' }, /plain http/],
    ['no scheme', { scheme: undefined }, /`scheme` must be a scheme such as bearer\(\)/],
    ['an empty chain', { grants: [] }, /`grants` must be a list of at least one grant/],
    ['no chain', { grants: undefined }, /`grants` must be/],
    ['half a grant', { grants: [{ name: 'a' }] }, /`grants\[0\]` must be an object with a name/],
    [
      'the other half',
      { grants: [{ request() {} }] },
      /`grants\[0\]` must be an object with a name/,
    ],
    ['a grant of null', { grants: [null] }, /`grants\[0\]` must be/],
    ['a store of null', { store: null }, /`store` must be an object/],
    [
      'half a store',
      { store: { getToken() {} } },
      /`store` must be an object with getToken, setToken/,
    ],
    ['an empty name', { name: '' }, /`name` must be a non-empty string/],
    ['a name that is a number', { name: 5 }, /`name` must be a non-empty string/],
    ['a negative duration', { renewAheadMs: -1 }, /`renewAheadMs` must be a finite number.*got -1/],
    ['NaN', { renewAheadMs: Number.NaN }, /got NaN/],
    ['Infinity', { renewTimeoutMs: Infinity }, /`renewTimeoutMs`.*got Infinity/],
    ['a duration of nothing', { renewTimeoutMs: 0 }, /`renewTimeoutMs`.*>= 1, got 0/],
    ['a duration in words', { renewAheadMs: '5m' }, /got string/],
    ['no clock', { clock: {} }, /`clock` must be an object with a now function/],
    ['a clock of null', { clock: null }, /`clock` must be an object with a now function/],
    ['no fetch', { fetch: 'fetch' }, /`fetch` must be a function/],
    ['no predicate', { isTokenRejected: 401 }, /`isTokenRejected` must be a function/],
    ['no skipAuth', { skipAuth: '/login' }, /`skipAuth` must be a function/],
    [
      'a misspelt option, and lists those there are',
      { renewAhead: 60_000 },
      /^Unknown option `renewAhead`. Known options: origin, scheme, grants, .*renewAheadMs, /,
    ],
    ['what is an option of every object', { constructor: 1 }, /Unknown option `constructor`/],
  ])('%s', (_, wrong, expected) => {
    const said = message(() => createTokenManager({ ...good, ...wrong }))
    expect(said).toMatch(expected)
    expect(said).not.toMatch(/hunter2|secret-token/)
  })
})

it.each([undefined, null, 'https://api.test'])('options of %j are refused as none', (none) => {
  const said = message(() => createTokenManager(none as never))
  expect(said).toMatch(/^Options must be an object. Known options: origin, scheme, /)
})

describe('createTokenManager() takes', () => {
  it.each([
    'http://localhost:8080',
    'http://127.0.0.1',
    'http://127.1.2.3:1',
    'http://127.10.20.30',
    'http://127.1',
    'http://[::1]:3000',
    'https://api.test/',
    'HTTPS://API.test:443',
  ])('the origin %s', (origin) => {
    expect(() => createTokenManager({ ...good, origin })).not.toThrow()
  })

  it('the least of each duration', () => {
    const least = { renewAheadMs: 0, renewTimeoutMs: 1 }
    expect(() => createTokenManager({ ...good, ...least })).not.toThrow()
  })

  it('plain http when told that it may', () => {
    const origin = 'http://api.test'
    expect(() => createTokenManager({ ...good, origin, allowInsecure: true })).not.toThrow()
  })
})

describe('an API token', () => {
  it.each<[unknown, string]>([
    ['', 'is empty'],
    ['secret\n', 'holds white space (at position 6 of 7)'],
    [' secret', 'holds white space (at position 0 of 7)'],
    ['sec\u0000ret', 'holds a character no header can carry (at position 3 of 7)'],
    ['secr\u{1f511}t', 'holds a character no header can carry (at position 4 of 7)'],
    ['Bearer secret', 'holds white space (at position 6 of 13)'],
    ['\u0000 secret', 'holds a character no header can carry (at position 0 of 8)'],
    ['undefined', 'is the word "undefined"'],
    ['[object Object]', 'is the word "[object Object]"'],
    [undefined, 'is not a string but undefined'],
    [null, 'is not a string but null'],
    ['s'.repeat(20_000), 'is longer than 16384 characters'],
  ])('of %j is refused without being shown', (token, reason) => {
    const said = message(() => apiToken(token as string))
    expect(said).toBe(`\`apiToken\` ${reason}.`)
    expect(said).not.toContain('secret')
  })
})

it.each([
  ['as long as one may be', 's'.repeat(16_384)],
  ['that starts like a word that is none', 'undefinedly'],
  ['that ends like a word that is none', 'notnull'],
])('an API token %s is taken', (_, token) => expect(() => apiToken(token)).not.toThrow())

describe('headerScheme()', () => {
  it.each(['', 'a b', 'a:b', 'a\r\nb', 'Host', 'content-length', 'Cookie', '__proto__', 'ä'])(
    'refuses the name %j',
    (name) => expect(message(() => headerScheme(name))).toMatch(/headerScheme\(\) needs the name/),
  )
})

it.each(['x-host', 'hosted', 'tea', 'x-api-key'])('headerScheme() takes the name %j', (name) => {
  expect(headerScheme(name).name).toBe(name)
})

it('what is no string at all names no header', () => {
  expect(message(() => headerScheme(undefined as never))).toMatch(/needs the name.*got undefined/)
})

it('bearer() is called so', () => expect(bearer().name).toBe('bearer'))

it('an error is recognised by isLatchkeyError(), also one of another copy of the package', () => {
  const foreign = Object.assign(new Error('x'), { [Symbol.for('latchkey.error')]: true })
  expect(isLatchkeyError(foreign)).toBe(true)
  expect(isLatchkeyError(new Error('x'))).toBe(false)
  expect(isLatchkeyError({ code: 'ERR_SIGN_IN_REQUIRED' })).toBe(false)
})

describe('secrets may travel', () => {
  it.each([
    ['https://api.test/token', false, true],
    ['http://127.0.0.1:8080/token', false, true],
    ['http://[::1]/token', false, true],
    ['http://api.test/token', false, false],
    ['http://api.test/token', true, true],
    ['ftp://api.test/token', true, false],
  ])('to %s, when plain http is allowed is %j: %j', (url, allowInsecure, may) => {
    expect(mayCarrySecrets(new URL(url), allowInsecure)).toBe(may)
  })

  it('by plain http beyond this machine only where somebody says so', () => {
    expect(mayCarrySecrets(new URL('http://api.test'))).toBe(false)
  })
})
