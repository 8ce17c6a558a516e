import { apiToken, bearer, createTokenManager } from '@latchkey/core'
import ky, { type Hooks, type KyInstance } from 'ky'
import { expectTypeOf, test } from 'vitest'
import { authHooks } from '../src/index.ts'

const origin = 'https://api.test'
const manager = createTokenManager({ origin, scheme: bearer(), grants: [apiToken('x')] })

test("the hooks are ky's own, for create(), extend() and one request", () => {
  const hooks = authHooks(manager)
  expectTypeOf(hooks).toEqualTypeOf<Hooks>()
  expectTypeOf(ky.extend({ baseUrl: origin, hooks })).toEqualTypeOf<KyInstance>()
  expectTypeOf(ky.create({ hooks })).toEqualTypeOf<KyInstance>()
  expectTypeOf(ky.get).toBeCallableWith('https://api.test/items', { hooks })
})

test('they can be combined with hooks of your own', () => {
  const { init = [], ...others } = authHooks(manager)
  const own: Hooks = { ...others, init: [...init], afterResponse: [({ response }) => response] }
  expectTypeOf(ky.extend).toBeCallableWith({ hooks: own })
})

test('misuse does not compile', () => {
  // @ts-expect-error without a manager it would send bare
  authHooks()
  // @ts-expect-error the hooks go below `hooks`
  ky.extend(authHooks(manager))
  // @ts-expect-error ky is not a manager
  authHooks(ky)
})
