import { describe, expect, test } from 'vitest'
import { powerAuth, type PowerAuthTokenStore } from '../src/index.ts'
import { hmacSha256, signToken } from '../src/token-digest.ts'
import { failure, eventsOf, fakeClock, ORIGIN, reader, settled, startBank } from './support/bank.ts'
import type { PowerAuthDouble } from './support/power-auth-double.ts'

/** The SDK's error: a code and a message. */
const sdkError = (code: string) => Object.assign(new Error(code), { name: 'PowerAuthError', code })

/** The SDK's own object: possession only without a password. */
class SdkAuthentication {
  readonly password?: string
  #isReusable = false
  constructor(password?: string) {
    if (password !== undefined) this.password = password
  }
  get isReusable(): boolean {
    return this.#isReusable
  }
}

/** `powerAuth.tokenStore`: methods that need their `this`, and secrets that it never returns. */
class SdkTokenStore implements PowerAuthTokenStore<SdkAuthentication> {
  readonly #tokens = new Map<string, { tokenId: string; tokenSecret: string }>()
  readonly requested: string[] = []
  readonly server: PowerAuthDouble
  readonly now: () => number
  constructor(server: PowerAuthDouble, now: () => number) {
    this.server = server
    this.now = now
  }
  #token(name: string) {
    const token = this.#tokens.get(name)
    if (!token) throw sdkError('LOCAL_TOKEN_NOT_AVAILABLE')
    return token
  }
  async requestAccessToken(tokenName: string, authentication: SdkAuthentication) {
    if (!(authentication instanceof SdkAuthentication)) throw sdkError('WRONG_PARAMETER')
    const known = this.#tokens.get(tokenName)
    if (!known) {
      this.requested.push(tokenName)
      await Promise.resolve()
      this.#tokens.set(tokenName, this.server.control.createToken())
    }
    return { tokenName, tokenIdentifier: this.#token(tokenName).tokenId }
  }
  async hasLocalToken(name: string) {
    return this.#tokens.has(name)
  }
  async getLocalToken(tokenName: string) {
    return { tokenName, tokenIdentifier: this.#token(tokenName).tokenId }
  }
  async generateHeaderForToken(name: string) {
    return signToken(this.#token(name), { version: '3.3', mac: hmacSha256 }, this.now())
  }
  async removeAccessToken(name: string) {
    this.server.control.revoke(this.#token(name).tokenId)
    this.#tokens.delete(name)
  }
  async removeLocalToken(name: string) {
    this.#tokens.delete(name)
  }
  async removeAllLocalTokens() {
    this.#tokens.clear()
  }
}

function setUp() {
  const bank = startBank()
  const sdkClock = fakeClock()
  const sdk = new SdkTokenStore(bank.double, sdkClock.now)
  const tokens = powerAuth({
    origin: ORIGIN,
    fetch: bank.double.fetch,
    tokenStore: sdk,
    synchronizeTime: async () => sdkClock.pass(bank.serverClock.now() - sdkClock.now()),
  })
  return { bank, sdk, sdkClock, tokens }
}

describe('with the token store of the SDK', () => {
  test('a request is signed by the SDK, with a token that it creates', async () => {
    const { bank, sdk, tokens } = setUp()
    const manager = tokens.token('balance', { authentication: new SdkAuthentication() })
    expect([await reader(manager, bank)(), await reader(manager, bank)()]).toEqual([200, 200])
    expect(sdk.requested).toEqual(['balance'])
    expect(eventsOf(manager)).toEqual([])
  })

  test('overlapping requests for one name are one request to the SDK', async () => {
    const { sdk, tokens } = setUp()
    const all = [1, 2, 3].map(() => tokens.requestAccessToken('balance', new SdkAuthentication()))
    expect(new Set((await Promise.all(all)).map((token) => token.tokenIdentifier)).size).toBe(1)
    expect(sdk.requested).toEqual(['balance'])
    const withPin = new SdkAuthentication('CANARY-7f3a')
    const first = tokens.requestAccessToken('cards', new SdkAuthentication())
    const error = await failure(tokens.requestAccessToken('cards', withPin))
    expect(error.code).toBe('ERR_AUTHENTICATION_DIFFERS')
    await first
  })

  test('a PIN is never used without asking the user', () => {
    const { tokens } = setUp()
    const authentication = new SdkAuthentication('CANARY-7f3a')
    expect(() => tokens.token('balance', { authentication })).toThrow(/possession alone/)
  })

  test('a 401 lets the SDK synchronise its time, and the request is sent again once', async () => {
    const { bank, sdkClock, tokens } = setUp()
    const read = reader(tokens.token('balance', { authentication: new SdkAuthentication() }), bank)
    sdkClock.pass(-86_400_000)
    expect(await read()).toBe(200)
    expect(bank.control.refusals).toEqual(['ERR0030 too old'])
  })

  test('a second 401 makes the SDK drop its local token', async () => {
    const { bank, sdk, tokens } = setUp()
    await tokens.requestAccessToken('balance', new SdkAuthentication('CANARY-7f3a'))
    const read = reader(tokens.token('balance'), bank)
    bank.control.revoke()
    expect(await read()).toBe(401)
    await settled()
    expect(await sdk.hasLocalToken('balance')).toBe(false)
    expect(await failure(read())).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
  })

  test('a token requested at once after that is a new one', async () => {
    const { bank, sdk, tokens } = setUp()
    const first = await tokens.requestAccessToken('balance', new SdkAuthentication('CANARY-7f3a'))
    const manager = tokens.token('balance')
    const { promise, resolve } = Promise.withResolvers<string>()
    manager.on('signedOut', () => {
      const requested = tokens.requestAccessToken('balance', new SdkAuthentication('CANARY-7f3a'))
      resolve(requested.then((token) => token.tokenIdentifier))
    })
    bank.control.revoke()
    const read = reader(manager, bank)
    expect(await read()).toBe(401)
    expect(await promise).not.toBe(first.tokenIdentifier)
    await settled()
    expect([await read(), sdk.requested.length]).toEqual([200, 2])
  })

  test('a token that has replaced the dead one stays', async () => {
    const { bank, sdk, tokens } = setUp()
    await tokens.requestAccessToken('balance', new SdkAuthentication())
    const manager = tokens.token('balance')
    const request = { url: `${ORIGIN}/balance`, method: 'GET' }
    const refused = () => new Response('', { status: 401 })
    const second = await manager.recover(await manager.authorize(request), refused())
    await sdk.removeLocalToken('balance')
    const next = await sdk.requestAccessToken('balance', new SdkAuthentication())
    expect(await manager.recover(second!, refused())).toBeUndefined()
    await settled()
    expect(await sdk.getLocalToken('balance')).toEqual(next)
    expect(await reader(manager, bank)()).toBe(200)
  })

  test('direct changes in the SDK are noticed: a removal at the next request, a new token at once', async () => {
    const { bank, sdk, tokens } = setUp()
    await sdk.requestAccessToken('balance', new SdkAuthentication())
    const manager = tokens.token('balance')
    const events = eventsOf(manager)
    const read = reader(manager, bank)
    expect(await read()).toBe(200)
    await sdk.removeAllLocalTokens()
    expect(await failure(read())).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
    await settled()
    expect(events).toEqual(['out: elsewhere'])
    await sdk.requestAccessToken('balance', new SdkAuthentication())
    expect(await read()).toBe(200)
  })

  test('the other methods pass through to the SDK', async () => {
    const { bank, tokens } = setUp()
    const { tokenIdentifier } = await tokens.requestAccessToken('a', new SdkAuthentication())
    expect(await tokens.getLocalToken('a')).toEqual({ tokenName: 'a', tokenIdentifier })
    expect((await tokens.generateHeaderForToken('a')).value).toContain(tokenIdentifier)
    await tokens.removeAccessToken('a')
    const error = await failure(tokens.getLocalToken('a'))
    expect(error).toMatchObject({ name: 'PowerAuthError', code: 'LOCAL_TOKEN_NOT_AVAILABLE' })
    await tokens.requestAccessToken('b', new SdkAuthentication())
    await tokens.removeAllLocalTokens()
    expect(await tokens.hasLocalToken('b')).toBe(false)
    expect(bank.control.counts.created).toBe(2)
  })
})

describe('without a way to synchronise the SDK', () => {
  test('a 401 is still followed by one fresh header', async () => {
    const { bank, sdk } = setUp()
    const tokens = powerAuth({ origin: ORIGIN, tokenStore: sdk })
    await tokens.synchronizeTime()
    const read = reader(tokens.token('balance', { authentication: new SdkAuthentication() }), bank)
    bank.control.answerNext('/balance', () => new Response('', { status: 401 }))
    expect(await read()).toBe(200)
  })
})
