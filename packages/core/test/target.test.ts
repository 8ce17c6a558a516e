import { describe, expect, test, vi } from 'vitest'
import { bearer, createTokenManager } from '../src/index.ts'
import { parseUrl } from '../src/adapter.ts'

const manager = createTokenManager({
  origin: ['https://api.example.com', 'http://localhost:808', 'https://[2001:db8::1]'],
  scheme: bearer(),
  grants: [{ name: 'given', request: async () => ({ accessToken: 'CANARY-7f3a' }) }],
})
await manager.getTokens()

async function carriesToken(url: string | URL): Promise<boolean> {
  const { generation, headers } = await manager.authorize({ url, method: 'GET' })
  expect('authorization' in headers).toBe(generation > 0)
  return generation > 0
}

const foreign = [
  'https://api.example.com.evil.test/',
  'https://api.example.com@evil.test/',
  'https://api.example.com:@evil.test/',
  'https://api.example.com:443@evil.test/',
  'https://api.example.com%2f@evil.test/',
  'https://api.example.com%2e.evil.test/',
  'https://api.example.com:8443/',
  'https://api.example.com\t.evil.test/',
  'https://api.example.com\n@evil.test/',
  'https://api.example.comevil.test/',
  'https://evil.test/https://api.example.com/',
  'https://evil.test/?https://api.example.com/',
  'https://evil.test#https://api.example.com/',
  'https://evil.test\\@api.example.com/',
  'http://api.example.com/',
  'http://localhost:8080/',
  'http://localhost:808@evil.test/',
  'https://localhost:808/',
  'blob:https://api.example.com/3f1c8a52',
  'ftp://api.example.com/',
  'data:text/plain,https://api.example.com/',
  'https://[2001:db8::1]:444/',
  'https://[2001:db8::2]/',
]

const ours = [
  'https://api.example.com/',
  'https://api.example.com',
  'https://api.example.com?page=2',
  'https://api.example.com#top',
  'https://api.example.com\\@evil.test/',
  'https://api.example.com/@evil.test/',
  'https://api.example.com/\t\n/../..//evil.test',
  'https://api.example.com:443/items',
  'HTTPS://API.EXAMPLE.COM/items',
  'https:api.example.com/items',
  ' https://api.example.com/items',
  'https://api.exa\tmple.com/items',
  'https:/\n/api.example.com/items',
  'https://ada:secret@api.example.com/items',
  'https://api。example.com/items',
  'http://localhost:808/items',
  'https://[2001:DB8:0::1]/items',
]

describe('a string and a URL object are judged alike', () => {
  test.each(foreign)('%j does not get a token', async (url) => {
    expect(await carriesToken(url)).toBe(false)
    expect(await carriesToken(new URL(url))).toBe(false)
  })

  test.each(ours)('%j gets a token', async (url) => {
    expect(await carriesToken(url)).toBe(true)
    expect(await carriesToken(new URL(url))).toBe(true)
  })
})

test('whatever follows an origin and a slash, the URL is at that origin', () => {
  const hostile = [
    '@evil.test',
    '\\@evil.test',
    '/evil.test',
    '..//evil.test',
    '\t@e',
    ':x@e',
    '#@e',
  ]
  for (const rest of hostile) {
    expect(parseUrl(`https://api.example.com/${rest}`)?.origin).toBe('https://api.example.com')
  }
})

test.each(['', 'items', '//', 'https://', 'https://api.example.com:x/'])(
  '%j is not a URL outside a page, and gets no token',
  async (url) => expect(await carriesToken(url)).toBe(false),
)

describe('in a page', () => {
  test.each([
    ['/items', true],
    ['items?page=2', true],
    ['//api.example.com/items', true],
    ['//evil.test/items', false],
    ['\\\\evil.test/items', false],
    ['', true],
  ])('the relative URL %j is judged by its resolved URL', async (url, isOurs) => {
    vi.stubGlobal('location', { href: 'https://api.example.com/app/' })
    expect(await carriesToken(url)).toBe(isOurs)
    vi.unstubAllGlobals()
  })
})
