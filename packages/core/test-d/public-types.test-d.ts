import { expectTypeOf, test } from 'vitest'
import {
  type Authorizer,
  bearer,
  createTokenManager,
  type Grant,
  memoryStore,
  type TokenManager,
  type TokenSet,
  type TokenStore,
} from '../src/index.ts'

test('a manager is all that an adapter needs', () => {
  expectTypeOf<TokenManager>().toExtend<Authorizer>()
  expectTypeOf(createTokenManager).returns.toEqualTypeOf<TokenManager>()
})

test('a grant may say that it does not apply', () => {
  expectTypeOf<Grant['request']>().returns.resolves.toEqualTypeOf<TokenSet | undefined>()
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
  expectTypeOf(memoryStore).returns.toExtend<TokenStore>()
})

test('misuse does not compile', () => {
  const good = { origin: 'https://api.test', scheme: bearer(), grants: [] }
  expectTypeOf(createTokenManager).toBeCallableWith(good)
  // @ts-expect-error the origin is what keeps the token where it belongs
  createTokenManager({ scheme: bearer(), grants: [] })
  // @ts-expect-error a duration is a number of milliseconds
  createTokenManager({ ...good, renewAheadMs: '5m' })
})

test('an event has the payload of its name', () => {
  const manager = {} as TokenManager
  manager.on('signedOut', ({ reason }) =>
    expectTypeOf(reason).toEqualTypeOf<'signOut' | 'rejected' | 'elsewhere'>(),
  )
  // @ts-expect-error there is no such event
  manager.on('refreshed', () => undefined)
})
