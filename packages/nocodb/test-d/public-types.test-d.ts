import type { Authorizer, TokenManager } from '@latchkey/core'
import { expectTypeOf, test } from 'vitest'
import { type NocoDB, nocodb, nocodbFromEnv } from '../src/index.ts'

test('a NocoDB is a token manager, so adapters take it as it is', () => {
  expectTypeOf<NocoDB>().toExtend<TokenManager>()
  expectTypeOf<NocoDB>().toExtend<Authorizer>()
  expectTypeOf(nocodb).returns.toEqualTypeOf<NocoDB>()
})

test('what the environment may lack may be undefined', () => {
  expectTypeOf(nocodb).toBeCallableWith({
    baseUrl: 'https://nocodb.test',
    email: 'ada@example.com',
    password: process.env['NOCODB_PASSWORD'],
  })
  expectTypeOf(nocodbFromEnv).toBeCallableWith(process.env)
})

test('misuse does not compile', () => {
  // @ts-expect-error somewhere it has to live
  expectTypeOf(nocodb({ apiToken: 'x' })).toExtend<NocoDB>()
})
