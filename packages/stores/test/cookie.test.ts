import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { bearer, createTokenManager, type TokenSet } from '@latchkey/core'
import { type CookiePlace, type CookieStoreOptions, cookieStore } from '@latchkey/stores/cookie'
import { storeContract, type StoreSubject } from '@latchkey/testing/store-contract'
import { parseCookie, parseSetCookie } from 'cookie'
import { afterEach, describe, expect, test, vi } from 'vitest'

const name = 'https://api.test'
const cookieOf = (of: string) => `__Host-latchkey.app.${encodeURIComponent(of)}`
const tokens = { accessToken: 'CANARY-7f3a-access', refreshToken: 'CANARY-7f3a-refresh' }

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** One exchange on a server, and a look at the `Set-Cookie` headers that leave. */
interface Exchange {
  place: CookiePlace
  leaving(): string[]
  /** Another part of the program sets a cookie. */
  append(line: string): void
}

function nodeExchange(received = ''): Exchange {
  const req = new IncomingMessage(new Socket())
  req.headers.cookie = received
  const res = new ServerResponse(req)
  return {
    place: { req, res },
    leaving: () => [res.getHeader('set-cookie') ?? []].flat().map(String),
    append: (line) => void res.appendHeader('Set-Cookie', line),
  }
}

function fetchExchange(received = ''): Exchange {
  const request = new Request('https://app.test/', { headers: { cookie: received } })
  const headers = new Headers()
  return {
    place: { request, headers },
    leaving: () => headers.getSetCookie(),
    append: (line) => headers.append('Set-Cookie', line),
  }
}

/** A page, whose cookies are kept as a browser does. */
function documentExchange(received = ''): Exchange {
  const lines = new Map(
    received.split('; ').map((pair) => [pair.split('=')[0] ?? '', pair] as const),
  )
  lines.delete('')
  const document = {
    get cookie() {
      const pairs = [...lines.values()].map((line) => line.split(';')[0])
      return pairs.filter((pair) => !pair?.endsWith('=')).join('; ')
    },
    set cookie(line: string) {
      lines.set(line.split('=')[0] ?? '', line)
    },
  }
  return {
    place: { document },
    leaving: () => [...lines.values()],
    append: (line) => void (document.cookie = line),
  }
}

/** A store looks into the headers each time, so two on one exchange share it. */
function contractOn(open: () => Exchange): StoreSubject {
  return {
    place() {
      const { place, leaving, append } = open()
      const lies = (of: string) =>
        leaving()
          .map((line) => parseSetCookie(line))
          .find((cookie) => cookie.name === cookieOf(of))?.value
      return {
        open: () => cookieStore(place),
        read: (of) => lies(of) || undefined,
        write(of, text) {
          const line = `${cookieOf(of)}=${encodeURIComponent(text)}`
          if (line.length > 4_096) throw new Error('More than a browser would have kept.')
          append(line)
        },
      }
    },
    lacks: ['lock', 'subscribe'],
  }
}

const exchanges = [
  ['req and res of Node', nodeExchange],
  ['request and headers of the Fetch API', fetchExchange],
] as const

describe.each(exchanges)('a cookie store on %s', (_, open) => {
  test.for(storeContract())('$name', async ({ run }, { skip }) => {
    const outcome = await run(contractOn(open))
    skip(outcome === 'skipped')
    expect(outcome).toBeUndefined()
  })

  test('the session comes from the request, and its cookie goes to the browser and back', async () => {
    const [first, second] = [open(), open('theirs=1')]
    await cookieStore(first.place).setToken(tokens, name)
    const [line = ''] = first.leaving()
    const [pair = ''] = line.split(';')
    const back = open(`theirs=1; ${pair}`)
    expect(await cookieStore(back.place).getToken(name)).toEqual(tokens)
    expect(await cookieStore(second.place).getToken(name)).toBeUndefined()
  })

  test('nothing is renewed behind a request, whose response might be gone by then', async () => {
    const exchange = open()
    const store = cookieStore(exchange.place)
    let now = 1_000_000
    let renewals = 0
    const renew = async () => ({ accessToken: `CANARY-7f3a-${(renewals += 1)}` })
    await store.setToken({ ...tokens, expiresAt: now + 1_000 }, name)
    const manager = createTokenManager({
      origin: name,
      scheme: bearer(),
      grants: [{ name: 'refresh token', request: renew }],
      store,
      clock: { now: () => now },
    })
    await manager.getTokens()
    now += 999
    expect((await manager.getTokens()).accessToken).toBe(tokens.accessToken)
    await new Promise(setImmediate) // what was started behind its back would be done by now
    expect(renewals).toBe(0)
    now += 1
    expect((await manager.getTokens()).accessToken).toBe('CANARY-7f3a-1')
    expect(await cookieStore(exchange.place).getToken(name)).toMatchObject({
      accessToken: 'CANARY-7f3a-1',
    })
  })

  test('what is stored or removed during a request is read during it, also by another store', async () => {
    const before = open()
    await cookieStore(before.place).setToken(tokens, name)
    const { place } = open(before.leaving().join().split(';')[0])
    await cookieStore(place).setToken({ accessToken: 'CANARY-7f3a-new' }, name)
    expect(await cookieStore(place).getToken(name)).toEqual({ accessToken: 'CANARY-7f3a-new' })
    await cookieStore(place).removeToken(name)
    expect(await cookieStore(place).getToken(name)).toBeUndefined()
    expect(await cookieStore(place).names?.()).toEqual([])
  })

  test('cookies that others set stay, and ours is set once, with what was stored last', async () => {
    const { place, leaving, append } = open()
    append('theirs=1; Path=/')
    const store = cookieStore(place)
    await store.setToken({ accessToken: 'CANARY-7f3a-old' }, name)
    append('more=2; HttpOnly')
    await store.setToken(tokens, name)
    expect(leaving().map((line) => line.split('=')[0])).toEqual(['theirs', 'more', cookieOf(name)])
    expect(leaving().slice(0, 2)).toEqual(['theirs=1; Path=/', 'more=2; HttpOnly'])
    expect(await store.getToken(name)).toEqual(tokens)
  })

  test('the cookie is __Host-, HttpOnly, Secure, SameSite=Lax and of the whole host, also when it is removed', async () => {
    const { place, leaving } = open()
    await cookieStore(place).setToken(tokens, name)
    const attributes = { path: '/', httpOnly: true, secure: true, sameSite: 'lax' }
    const set = parseSetCookie(leaving()[0] ?? '')
    expect(set).toEqual({ ...attributes, name: cookieOf(name), value: set.value })
    await cookieStore(place).removeToken(name)
    const removed = { ...attributes, name: cookieOf(name), value: '', maxAge: 0 }
    expect(leaving().map((line) => parseSetCookie(line))).toEqual([removed])
  })
})

/** What is said about a set stored with these options. */
async function written(options: CookieStoreOptions, stored: TokenSet = tokens) {
  const { place, leaving } = fetchExchange()
  await cookieStore(place, options).setToken(stored, name)
  return parseSetCookie(leaving()[0] ?? '')
}

test('for plain http in development Secure and __Host- can be left out, and nothing else', async () => {
  const { value: _, ...cookie } = await written({ secure: false, app: 'shop' })
  const rest = { path: '/', httpOnly: true, sameSite: 'lax' }
  expect(cookie).toEqual({ name: `latchkey.shop.${encodeURIComponent(name)}`, ...rest })
})

test('the cookie lives as long as the refresh token, or else the access token', async () => {
  const now = 1_800_000_000_000
  vi.setSystemTime(now)
  const { accessToken, refreshToken } = tokens
  const [expiresAt, refreshExpiresAt] = [now + 60_000, now + 86_400_000]
  const life = async (stored: TokenSet, options = {}) => (await written(options, stored)).maxAge
  expect(await life({ accessToken, refreshToken, expiresAt, refreshExpiresAt })).toBe(86_400)
  expect(await life({ accessToken, expiresAt })).toBe(60)
  expect(await life({ accessToken, refreshToken, expiresAt })).toBeUndefined()
  expect(await life({ accessToken, refreshToken }, { maxAgeMs: 5_000 })).toBe(5)
  expect(await life({ accessToken, expiresAt: now - 1 })).toBeUndefined()
  expect(await life({ accessToken, refreshToken, refreshExpiresAt: 8e15 })).toBe(400 * 86_400)
})

/** A token of so many characters, and a session that takes several cookies. */
const tokenOf = (length: number) => 'CANARY-7f3a'.padEnd(length, 'x')
const big = { accessToken: tokenOf(5_000), refreshToken: 'CANARY-7f3a-\u00fc\u{1f600}'.repeat(40) }

describe.each([...exchanges, ['a document', documentExchange] as const])(
  'a session of more than 4,096 bytes, on %s',
  (_, open) => {
    const namesIn = (exchange: Exchange) =>
      exchange
        .leaving()
        .map((line) => parseSetCookie(line))
        .filter(({ value }) => value !== '')
        .map((cookie) => cookie.name)

    test('lies in several cookies, each of 4,096 bytes at most, and is read as one', async () => {
      const exchange = open()
      await cookieStore(exchange.place).setToken(big, name)
      expect(namesIn(exchange)).toEqual([`${cookieOf(name)}.0`, `${cookieOf(name)}.1`])
      for (const line of exchange.leaving()) expect(line.length).toBeLessThanOrEqual(4_096)
      const back = open(
        exchange
          .leaving()
          .map((line) => line.split(';')[0])
          .join('; '),
      )
      expect(await cookieStore(back.place).getToken(name)).toEqual(big)
      expect(await cookieStore(back.place).names?.()).toEqual([name])
    })

    test('is replaced as a whole, by a longer one, a shorter one and one that fits into one cookie', async () => {
      const exchange = open()
      const store = cookieStore(exchange.place)
      for (const length of [9_000, 5_000, 100, 9_000, 100]) {
        const stored = { accessToken: tokenOf(length) }
        await store.setToken(stored, name)
        expect(await store.getToken(name)).toEqual(stored)
        const pieces = { 9000: ['.0', '.1', '.2'], 5000: ['.0', '.1'], 100: [''] }[length]
        expect(namesIn(exchange).toSorted()).toEqual(pieces?.map((at) => cookieOf(name) + at))
      }
    })

    test('needs nothing that a page on plain http does not have', async () => {
      vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) })
      const store = cookieStore(open().place)
      await store.setToken(big, name)
      expect(await store.getToken(name)).toEqual(big)
    })

    test('is removed as a whole', async () => {
      const exchange = open()
      const store = cookieStore(exchange.place)
      await store.setToken(big, name)
      await store.removeToken(name)
      expect(namesIn(exchange)).toEqual([])
      expect(await store.getToken(name)).toBeUndefined()
    })

    test('is invalid if a piece is missing or belongs to another session, and the next sign-in replaces it', async () => {
      const [one, two] = [open(), open()]
      await cookieStore(one.place).setToken(big, name)
      await cookieStore(two.place).setToken(big, name)
      const pairs = (exchange: Exchange) => exchange.leaving().map((line) => line.split(';')[0])
      const mixtures = [[pairs(one)[0]], [pairs(one)[0], pairs(two)[1]], [pairs(one)[1]]]
      const found: unknown[] = []
      for (const mixture of mixtures) {
        const { place } = open(mixture.join('; '))
        const store = cookieStore(place)
        const read = async () => store.getToken(name)
        found.push(await read().catch(({ code }: { code: unknown }) => code))
        await store.setToken(tokens, name)
        expect(await store.getToken(name)).toEqual(tokens)
      }
      expect(found).toEqual(['ERR_STORE_GARBAGE', 'ERR_STORE_GARBAGE', undefined])
    })

    test('is refused with its size beyond three cookies, and the cookies before it stay', async () => {
      const { place, leaving } = open()
      const store = cookieStore(place)
      await store.setToken(big, name)
      const before = leaving()
      const storeBigger = async () => store.setToken({ accessToken: tokenOf(13_000) }, name)
      const error: unknown = await storeBigger().catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'ERR_STORE_TOO_LARGE' })
      expect(String(error)).toMatch(/ 13\d{3} bytes/)
      expect(String(error)).not.toMatch(/CANARY/)
      expect(leaving()).toEqual(before)
    })
  },
)

test('two names never meet, not even where one is called like a piece of the other', async () => {
  const { place } = fetchExchange()
  const store = cookieStore(place)
  const names = ['https://10.0.0', 'https://10.0.0.0', 'https://10.0.0.1']
  for (const [at, one] of names.entries()) {
    await store.setToken({ accessToken: tokenOf(at === 0 ? 5_000 : 100) + at }, one)
  }
  for (const [at, one] of names.entries()) {
    expect((await store.getToken(one))?.accessToken.at(-1)).toBe(String(at))
  }
  expect((await store.names?.())?.toSorted()).toEqual(names)
})

test('once Node has sent the headers, storing and removing say so; reading goes on', async () => {
  const { place } = nodeExchange()
  if (!('res' in place)) return
  const store = cookieStore(place)
  await store.setToken(tokens, name)
  ;(place.res as ServerResponse).flushHeaders()
  const late = expect.objectContaining({
    code: 'ERR_STORE_DENIED',
    message: expect.stringContaining('response has been sent'),
    cause: expect.objectContaining({ code: 'ERR_HTTP_HEADERS_SENT' }),
  })
  expect(() => store.setToken(tokens, name)).toThrow(late)
  expect(() => store.removeToken(name)).toThrow(late)
  expect(await store.getToken(name)).toEqual(tokens)
})

test('read-only headers of the Fetch API say so too', () => {
  const { headers } = Response.redirect('https://app.test/')
  const store = cookieStore({ request: new Request('https://app.test/'), headers })
  expect(() => store.setToken(tokens, name)).toThrow(
    expect.objectContaining({ code: 'ERR_STORE_DENIED' }),
  )
})

test.each([
  ['no place', undefined, {}],
  ['an empty place', {}, {}],
  ['an app with a dot', fetchExchange().place, { app: 'a.b' }],
  ['a negative life', fetchExchange().place, { maxAgeMs: -1 }],
  ['an endless life', fetchExchange().place, { maxAgeMs: Infinity }],
])('%s is refused at once', (_, place, options) => {
  expect(() => cookieStore(place as CookiePlace, options)).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_OPTION' }),
  )
})

test('a name with what no cookie’s name may have is escaped, and the header stays one line', () => {
  const { place, leaving } = fetchExchange()
  const store = cookieStore(place)
  store.setToken(tokens, 'a(b)\r\nSet-Cookie: evil=1; Ü')
  expect(leaving()).toHaveLength(1)
  expect(leaving()[0]).toMatch(/^__Host-latchkey\.app\.[\w%.!~*'-]+=[^\r\n]+$/)
  expect(Object.keys(parseCookie(leaving()[0]?.split(';')[0] ?? ''))).toHaveLength(1)
})

test('an expiry that is NaN says nothing: the browser keeps the session until it is closed', async () => {
  const { place, leaving } = nodeExchange()
  await cookieStore(place).setToken({ ...tokens, refreshExpiresAt: Number.NaN }, name)
  expect(leaving().join()).not.toContain('Max-Age')
})
