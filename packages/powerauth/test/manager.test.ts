import { GrantRejectedError, isLatchkeyError, memoryStore, type TokenManager } from '@latchkey/core'
import { authorizedFetch } from '@latchkey/core/adapter'
import { describe, expect, test } from 'vitest'
import { skippingWaits } from '../../nocodb/test/support/server.ts'
import { eventsOf, failure, ORIGIN, reader, settled, startBank } from './support/bank.ts'
import { parseHeader } from './support/power-auth-double.ts'

const DAY = 86_400_000
const possession = { authentication: 'possession' } as const

/** A bank, an app, and one token that the app has requested. */
async function withToken(more: Parameters<typeof startBank>[0] = {}) {
  const bank = startBank(more)
  const tokens = bank.open()
  const { tokenIdentifier } = await tokens.requestAccessToken('balance', 'possession_knowledge')
  const manager = tokens.token('balance')
  return { ...bank, bank, tokens, manager, tokenIdentifier, read: reader(manager, bank) }
}

const statusesOf = (count: number, read: () => Promise<number>) =>
  Promise.all(Array.from({ length: count }, read))

describe('a request', () => {
  test('is signed with the local token', async () => {
    const { read, control } = await withToken()
    expect(await read()).toBe(200)
    expect(control.counts).toMatchObject({ accepted: 1, refused: 0, status: 0 })
  })

  test('has a nonce of its own', async () => {
    const { read, control } = await withToken()
    expect(new Set(await statusesOf(20, read))).toEqual(new Set([200]))
    const nonces = control.headers.map((header) => parseHeader(header)['nonce'])
    expect(new Set(nonces).size).toBe(20)
  })

  test('to another origin, or to the protocol itself, is not signed', async () => {
    const { manager, control } = await withToken()
    for (const url of ['https://evil.test/balance', `${ORIGIN}/pa/v3/token/create`]) {
      expect((await manager.authorize({ url, method: 'GET' })).headers).toEqual({})
    }
    expect(control.headers).toEqual([])
  })

  test('asks the store once, not for every header', async () => {
    let reads = 0
    const kept = new Map<string, { accessToken: string }>()
    const { read } = await withToken({
      store: {
        getToken: (name) => ((reads += 1), kept.get(name)),
        setToken: (tokens, name) => kept.set(name, tokens),
        removeToken: (name) => kept.delete(name),
      },
    })
    await read()
    const before = reads
    expect(await statusesOf(5, read)).toEqual([200, 200, 200, 200, 200])
    expect(reads).toBe(before)
  })
})

describe('a 401', () => {
  test('while our clock is a day slow: time is synchronised, the request sent again once', async () => {
    const { read, manager, clock, control, tokens, tokenIdentifier } = await withToken()
    clock.pass(-DAY)
    const events = eventsOf(manager)
    expect(await read()).toBe(200)
    expect(control.refusals).toEqual(['ERR0030 too old'])
    expect(control.counts).toMatchObject({ status: 1, accepted: 1, refused: 1 })
    expect(events).toContain('renewed by time synchronisation')
    expect((await tokens.getLocalToken('balance')).tokenIdentifier).toBe(tokenIdentifier)
    expect([await read(), control.counts.status]).toEqual([200, 1])
  })

  test('while our clock is an hour fast is cured as well', async () => {
    const { read, clock, control } = await withToken()
    clock.pass(3_600_000)
    expect(await read()).toBe(200)
    expect(control.refusals).toEqual(['ERR0044 too far ahead'])
  })

  test('of many requests at once asks for the time once', async () => {
    const { read, clock, control } = await withToken()
    clock.pass(-DAY)
    expect(new Set(await statusesOf(100, read))).toEqual(new Set([200]))
    expect(control.counts).toMatchObject({ status: 1, accepted: 100, refused: 100 })
  })

  test('is sent again with another nonce and timestamp', async () => {
    const { read, clock, control } = await withToken()
    clock.pass(-DAY)
    await read()
    const [first, second] = control.headers.map(parseHeader)
    expect(second?.['nonce']).not.toBe(first?.['nonce'])
    expect(Number(second?.['timestamp']) - Number(first?.['timestamp'])).toBe(DAY)
    expect(second?.['token_id']).toBe(first?.['token_id'])
  })

  test('goes to the caller while the time is unavailable, and the token stays', async () => {
    const { manager, clock, double, tokens, control } = await withToken({ renewTimeoutMs: 50 })
    clock.pass(-DAY)
    control.answerNext('/pa/v3/status', ...Array(9).fill(() => new Response('', { status: 503 })))
    const response = await authorizedFetch(manager, double.fetch)(`${ORIGIN}/x`)
    expect(response.status).toBe(401)
    expect(manager.explain(response)?.code).toMatch(/ERR_RENEWAL_(UNAVAILABLE|TIMEOUT)/)
    expect(await tokens.hasLocalToken('balance')).toBe(true)
  })
})

describe('a second 401, with a fresh header', () => {
  test('drops the local token; requests are refused until the app requests a new one', async () => {
    const { bank, read, manager, control, tokens, double } = await withToken()
    const events = eventsOf(manager)
    control.revoke()
    const send = authorizedFetch(manager, double.fetch)
    const response = await send(`${ORIGIN}/balance`)
    expect([response.status, control.counts.status, control.counts.refused]).toEqual([401, 1, 2])
    expect(manager.explain(response)?.code).toBe('ERR_FRESH_TOKEN_REJECTED')
    await settled()
    expect(await tokens.hasLocalToken('balance')).toBe(false)
    expect(events.at(-1)).toBe('out: rejected')
    expect(await failure(read())).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
    expect(control.counts.refused).toBe(2)
    expect(bank.requested).toHaveLength(1)
    await tokens.requestAccessToken('balance', 'possession_knowledge')
    expect(await read()).toBe(200)
  })

  test('is followed by a new token if possession is enough', async () => {
    const bank = startBank()
    const tokens = bank.open()
    const manager = tokens.token('balance', possession)
    const read = reader(manager, bank)
    expect(await read()).toBe(200)
    const events = eventsOf(manager)
    bank.control.revoke()
    expect(await read()).toBe(401)
    await settled()
    expect(await read()).toBe(200)
    expect(bank.requested).toEqual(['balance', 'balance'])
    expect(events.at(-1)).toBe('renewed by new token')
  })

  test.each([
    ['by its status', undefined],
    ['by a predicate', async ({ status }: { status: number }) => status === 401],
  ])(
    'of a token that was never accepted, told %s: no other one is created for a minute',
    async (_, isTokenRejected) => {
      const bank = startBank(isTokenRejected ? { isTokenRejected } : {})
      const tokens = bank.open()
      const read = reader(tokens.token('balance', possession), bank)
      const refused = () => new Response('', { status: 401 })
      const refuse = () => bank.control.answerNext('/balance', refused, refused)
      refuse()
      expect(await read()).toBe(401)
      expect(await failure(read())).toMatchObject({ code: 'ERR_RENEWAL_UNAVAILABLE' })
      expect(await failure(read())).toMatchObject({ retryAfterMs: 60_000 })
      expect(bank.requested).toHaveLength(1)
      bank.clock.pass(60_000)
      expect(await read()).toBe(200)
      refuse()
      expect(await read()).toBe(401)
      expect(await read()).toBe(200)
      expect(bank.requested).toHaveLength(3)
    },
  )

  test.each([
    ['here', undefined],
    ['by another process', memoryStore()],
  ])(
    'that comes late does not drop the token that was requested %s meanwhile',
    async (_, store) => {
      const { bank, manager, control, ...app } = await withToken(store ? { store } : {})
      const tokens = store ? bank.open() : app.tokens
      control.revoke()
      const request = { url: `${ORIGIN}/balance`, method: 'GET' }
      const refused = () => new Response('', { status: 401 })
      const first = await manager.authorize(request)
      const second = await manager.recover(first, refused())
      await tokens.removeLocalToken('balance')
      const next = await tokens.requestAccessToken('balance', 'possession')
      expect(await manager.recover(second!, refused())).toBeUndefined()
      await settled()
      expect(await tokens.getLocalToken('balance')).toEqual(next)
      expect(bank.requested).toHaveLength(2)
    },
  )
})

describe('an app that requests a new token', () => {
  test('in the sessionEnded event gets a new token, not the dead one', async () => {
    const { bank, manager, tokens, read, tokenIdentifier } = await withToken()
    const { promise, resolve } = Promise.withResolvers<string>()
    manager.on('signedOut', () => {
      const requested = tokens.requestAccessToken('balance', 'possession_knowledge')
      resolve(requested.then((token) => token.tokenIdentifier))
    })
    bank.control.revoke()
    expect(await read()).toBe(401)
    expect(await promise).not.toBe(tokenIdentifier)
    await settled()
    expect(await read()).toBe(200)
    expect(bank.requested).toHaveLength(2)
  })

  test('after a failed creation makes the manager work again', async () => {
    let fails = true
    const bank = startBank()
    const createToken = () => {
      if (fails) throw new Error('signature failed')
      return bank.control.createToken(bank.activation.id)
    }
    const tokens = bank.open({ createToken })
    const read = reader(tokens.token('balance', possession), bank)
    expect(await failure(read())).toMatchObject({ code: 'ERR_TOKEN_NOT_CREATED' })
    fails = false
    await tokens.requestAccessToken('balance', 'possession')
    expect(await read()).toBe(200)
  })

  test('in the sessionEnded event cannot sign with the dead token', async () => {
    const { bank, manager, tokens, read } = await withToken()
    const { promise, resolve } = Promise.withResolvers<Error>()
    manager.on('signedOut', () => resolve(failure(tokens.generateHeaderForToken('balance'))))
    bank.control.revoke()
    expect(await read()).toBe(401)
    expect(await promise).toMatchObject({ code: 'ERR_TOKEN_NOT_AVAILABLE' })
  })

  test('is not disturbed by requests that fail', async () => {
    const bank = startBank()
    const { promise, resolve } = Promise.withResolvers<void>()
    const createToken = () => promise.then(() => bank.control.createToken(bank.activation.id))
    const tokens = bank.open({ createToken })
    const read = reader(tokens.token('balance'), bank)
    const requested = tokens.requestAccessToken('balance', 'possession_knowledge')
    expect(await failure(read())).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
    await settled()
    resolve()
    expect((await requested).tokenName).toBe('balance')
    expect(await read()).toBe(200)
  })
})

describe('without a local token', () => {
  test('one is created if possession is enough, once for all requests', async () => {
    const bank = startBank()
    const manager = bank.open().token('balance', possession)
    const events = eventsOf(manager)
    expect(new Set(await statusesOf(30, reader(manager, bank)))).toEqual(new Set([200]))
    expect(bank.requested).toEqual(['balance'])
    expect(events).toEqual(['renewed by new token'])
  })

  test('the user is not asked for a PIN: the request rejects, and says what to do', async () => {
    const bank = startBank()
    const error = await failure(reader(bank.open().token('balance'), bank)())
    expect(isLatchkeyError(error) && error.code).toBe('ERR_SIGN_IN_REQUIRED')
    expect(error.message).toContain('Request it with requestAccessToken()')
    expect(bank.requested).toEqual([])
  })

  test.each(['possession_knowledge', 'possession_biometry'] as const)(
    'a manager does not take %s along to use it unseen',
    (authentication) => {
      expect(() => startBank().open().token('balance', { authentication })).toThrow(
        /must be possession alone/,
      )
    },
  )

  test.each([
    ['an error of its own', () => new Error('signature failed')],
    ['a definite no', () => new GrantRejectedError('no')],
    ['a bug', () => new TypeError("reading 'tokenId' of undefined")],
  ])('a creation that ends with %s is not tried again by itself', async (_, reason) => {
    let calls = 0
    const createToken = (): never => {
      calls += 1
      throw reason()
    }
    const bank = startBank({ createToken })
    const read = reader(bank.open().token('balance', possession), bank)
    expect(await failure(read())).toMatchObject({ code: 'ERR_TOKEN_NOT_CREATED' })
    expect(await failure(read())).toMatchObject({ code: 'ERR_TOKEN_NOT_CREATED' })
    expect(calls).toBe(1)
  })

  test.each([
    ['fetch', () => new TypeError('fetch failed')],
    ['the SDK', () => Object.assign(new Error('Offline.'), { code: 'NETWORK_ERROR' })],
    ['axios', () => Object.assign(new Error('Network Error'), { code: 'ERR_NETWORK' })],
    ['an error around one', () => new Error('no token', { cause: new TypeError('fetch failed') })],
  ])('an app that starts offline, as %s says, comes up by itself', async (_, offline) => {
    let isOffline = true
    const bank = startBank({
      createToken: () => (isOffline ? Promise.reject(offline()) : bank.control.createToken()),
    })
    const manager = bank.open({ activationId: () => undefined }).token('balance', possession)
    const read = reader(manager, bank)
    const error = await skippingWaits(() => failure(read()))
    expect(error).toMatchObject({
      code: 'ERR_RENEWAL_UNAVAILABLE',
      cause: { code: 'ERR_SERVER_UNAVAILABLE' },
    })
    isOffline = false
    bank.clock.pass(2_000)
    expect(await read()).toBe(200)
  })
})

describe('a change of a token by the app', () => {
  test('a removal ends the session of its managers', async () => {
    const { bank, tokens, manager, read } = await withToken()
    await read()
    const events = eventsOf(manager)
    await tokens.removeLocalToken('balance')
    expect(await failure(read())).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
    await settled()
    expect(events).toEqual(['out: elsewhere'])
    await tokens.requestAccessToken('balance', 'possession')
    expect(await read()).toBe(200)
    expect(bank.requested).toHaveLength(2)
  })

  test('a lost activation ends the session at the next request', async () => {
    const { read, activation, manager, control } = await withToken()
    await read()
    const events = eventsOf(manager)
    activation.id = undefined
    expect(await failure(read())).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
    await settled()
    expect(events).toEqual(['out: elsewhere'])
    expect(control.counts.accepted).toBe(1)
  })

  test('a sign-out removes the local token, and drops one that is being created', async () => {
    const bank = startBank()
    const { promise, resolve } = Promise.withResolvers<void>()
    const tokens = bank.open({
      createToken: async () => {
        await promise
        return bank.control.createToken()
      },
    })
    const manager = tokens.token('balance', possession)
    const waiting = failure(reader(manager, bank)())
    await settled()
    await manager.signOut()
    resolve()
    expect(await waiting).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
    await settled()
    expect(await tokens.hasLocalToken('balance')).toBe(false)
  })

  test('a sign-out drops a request of the app', async () => {
    const bank = startBank()
    const tokens = bank.open({ createToken: () => new Promise(() => undefined) })
    const requested = failure(tokens.requestAccessToken('balance', 'possession_knowledge'))
    await settled()
    await tokens.token('balance').signOut()
    expect(await requested).toMatchObject({ code: 'ERR_SESSION_CHANGED' })
  })

  test('a refresh() after a sign-out uses a token that was requested since', async () => {
    const { read, tokens, manager } = await withToken()
    await manager.signOut()
    await tokens.requestAccessToken('balance', 'possession_knowledge')
    expect(await failure(read())).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
    await manager.refresh()
    expect(await read()).toBe(200)
  })

  test('setTokens() is refused', async () => {
    const { manager } = await withToken()
    const error = await failure(manager.setTokens({ accessToken: 'x' }))
    expect(error.message).toContain('comes from requestAccessToken()')
  })

  test('two names have two tokens', async () => {
    const { bank, tokens, manager, read } = await withToken()
    const cards: TokenManager = tokens.token('cards', possession)
    expect([await read(), await reader(cards, bank)()]).toEqual([200, 200])
    await cards.signOut()
    expect(await read()).toBe(200)
    expect(bank.requested).toEqual(['balance', 'cards'])
    expect(await manager.getTokens()).not.toEqual(undefined)
  })
})
