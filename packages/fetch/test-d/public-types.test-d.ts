import { apiToken, bearer, createTokenManager } from '@latchkey/core'
import type { Authorizer } from '@latchkey/core/adapter'
import { expectTypeOf, test } from 'vitest'
import { wrapFetch } from '../src/index.ts'

const origin = 'https://api.test'
const manager = createTokenManager({ origin, scheme: bearer(), grants: [apiToken('x')] })

test('a wrapped fetch has the type of fetch', () => {
  const api: typeof fetch = wrapFetch(manager)
  expectTypeOf(api).toEqualTypeOf<typeof fetch>()
  expectTypeOf(wrapFetch).toBeCallableWith(manager, { fetch: api })
  globalThis.fetch = wrapFetch(manager)
})

test('any object with the two calls of an adapter is a manager', () => {
  expectTypeOf(wrapFetch).toBeCallableWith({} as Authorizer)
})

test('misuse does not compile', () => {
  // @ts-expect-error without a manager it would send bare
  wrapFetch()
  // @ts-expect-error a fetch is not a manager
  wrapFetch(fetch)
  // @ts-expect-error nor is a promise of one
  wrapFetch(Promise.resolve(manager))
  // @ts-expect-error misspelt
  wrapFetch(manager, { fetcher: fetch })
})
