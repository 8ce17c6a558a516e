import { expectTypeOf, test } from 'vitest'
import {
  apiToken,
  bearer,
  createTokenManager,
  type Grant,
  GrantRejectedError,
  headerScheme,
  isLatchkeyError,
  memoryStore,
  replayable,
  type TokenManager,
  type TokenSet,
  type TokenStore,
} from '../src/index.ts'
import type { Authorizer } from '../src/adapter.ts'

const good = { origin: 'https://api.test', scheme: bearer(), grants: [apiToken('x')] }

test('a manager is all that an adapter needs', () => {
  expectTypeOf<TokenManager>().toExtend<Authorizer>()
  expectTypeOf(createTokenManager).returns.toEqualTypeOf<TokenManager>()
})

test('origins are one or several, schemes ours or your own', () => {
  expectTypeOf(createTokenManager).toBeCallableWith(good)
  const origin = ['https://a.test', 'https://b.test'] as const
  expectTypeOf(createTokenManager).toBeCallableWith({ ...good, origin })
  expectTypeOf(createTokenManager).toBeCallableWith({ ...good, scheme: headerScheme('x-api-key') })
  const scheme = {
    name: 'signed',
    headers: async (tokens: TokenSet, { url, method }: { url: URL; method: string }) => ({
      'x-signature': `${method} ${url.pathname} ${tokens.accessToken}`,
    }),
  }
  expectTypeOf(createTokenManager).toBeCallableWith({ ...good, scheme })
})

test('a grant may say that it does not apply', () => {
  expectTypeOf<Grant['request']>().returns.resolves.toEqualTypeOf<TokenSet | undefined>()
})

test('a grant is given what it renews, a fetch and a signal', () => {
  const grant: Grant = {
    name: 'refresh token',
    missing: 'there is none',
    async request({ tokens, fetch: send, signal }) {
      expectTypeOf(tokens).toEqualTypeOf<TokenSet | undefined>()
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
      const response = await send('https://login.test', { method: 'POST', signal })
      if (response.status === 400) throw new GrantRejectedError('no', { code: 'ERR_NO' })
      return tokens && { ...tokens, expiresAt: Date.now() + 60_000 }
    },
  }
  expectTypeOf(createTokenManager).toBeCallableWith({ ...good, grants: [grant] })
})

test('a store of three methods, sync or async, without a name, is a store', () => {
  let kept: TokenSet | null = null
  expectTypeOf({
    getToken: () => kept,
    setToken: (tokens: TokenSet) => {
      kept = tokens
    },
    removeToken: () => {
      kept = null
    },
  }).toExtend<TokenStore>()
  expectTypeOf({
    getToken: async (name: string) => (name ? undefined : { accessToken: name }),
    setToken: async (_: TokenSet, name: string) => name,
    removeToken: async () => true,
  }).toExtend<TokenStore>()
  expectTypeOf(memoryStore).returns.toExtend<TokenStore>()
})

test('a manager without an origin, a scheme or grants does not compile', () => {
  const { origin, scheme, grants } = good
  // @ts-expect-error the origin is what keeps the token where it belongs
  createTokenManager({ scheme, grants })
  // @ts-expect-error somehow it has to be sent
  createTokenManager({ origin, grants })
  // @ts-expect-error from somewhere it has to come
  createTokenManager({ origin, scheme })
  // @ts-expect-error a grant by itself is not a chain
  createTokenManager({ ...good, grants: apiToken('x') })
})

test('an option of the wrong kind, or that there is not, does not compile', () => {
  // @ts-expect-error a duration is a number of milliseconds
  createTokenManager({ ...good, renewAheadMs: '5m' })
  // @ts-expect-error misspelt
  createTokenManager({ ...good, renewAhead: 60_000 })
  // @ts-expect-error a function, not its result
  createTokenManager({ ...good, skipAuth: true })
  // @ts-expect-error one of two words
  createTokenManager({ ...good, whenRefused: 'stay' })
})

test('half a store does not compile', () => {
  const { getToken, setToken } = memoryStore()
  // @ts-expect-error a session that cannot be removed cannot be signed out
  createTokenManager({ ...good, store: { getToken, setToken } })
  // @ts-expect-error the tokens come first, the name second
  createTokenManager({ ...good, store: { ...memoryStore(), setToken: (name: string) => name } })
})

test('a grant that gives something else does not compile', () => {
  const grants = (grant: Grant) => [grant]
  const wire = { access_token: 'x', expires_in: 3600 }
  // @ts-expect-error the wire's names are not ours
  grants({ name: 'a', request: async () => wire })
  // @ts-expect-error an instant is a number of milliseconds since 1970
  grants({ name: 'a', request: async () => ({ accessToken: 'x', expiresAt: new Date() }) })
  // @ts-expect-error undefined means "does not apply"
  grants({ name: 'a', request: async () => null })
  // @ts-expect-error nameless, it could not be told of
  grants({ request: async () => undefined })
})

test('an event has the payload of its name, and no token in it', () => {
  const manager = {} as TokenManager
  const off = manager.on('signedOut', ({ reason }) =>
    expectTypeOf(reason).toEqualTypeOf<'signOut' | 'rejected' | 'elsewhere'>(),
  )
  expectTypeOf(off).returns.toEqualTypeOf<void>()
  manager.on('renewed', (event) => expectTypeOf(event).not.toHaveProperty('tokens'))
  // @ts-expect-error this event is unknown
  manager.on('refreshed', () => undefined)
})

test('a caught error tells its code once it is known to be one of ours', () => {
  const error: unknown = new Error('x')
  // @ts-expect-error it may be anything
  expectTypeOf(error.code).toBeString()
  if (isLatchkeyError(error)) expectTypeOf(error.code).toBeString()
  const explained = ({} as TokenManager).explain(error)
  expectTypeOf(explained?.code).toExtend<string | undefined>()
})

test('a body that can be made again is a body', () => {
  const body = replayable(() => new Blob(['x']).stream())
  expectTypeOf(body).toExtend<NonNullable<RequestInit['body']>>()
})
