import { memoryStore, type TokenManager } from '@latchkey/core'
import type { Authorizer } from '@latchkey/core/adapter'
import { expectTypeOf, test } from 'vitest'
import { type ApiToken, type NocoDB, nocodb, nocodbFromEnv } from '../src/index.ts'

const baseUrl = 'https://nocodb.test'

test('a NocoDB is a token manager, so adapters take it as it is', () => {
  expectTypeOf<NocoDB>().toExtend<TokenManager>()
  expectTypeOf<NocoDB>().toExtend<Authorizer>()
  expectTypeOf(nocodb).returns.toEqualTypeOf<NocoDB>()
})

test('what the environment may lack may be undefined', () => {
  expectTypeOf(nocodb).toBeCallableWith({
    baseUrl,
    email: 'ada@example.com',
    password: process.env['NOCODB_PASSWORD'],
  })
  expectTypeOf(nocodb).toBeCallableWith({ baseUrl, apiToken: process.env['NOCODB_API_TOKEN'] })
  expectTypeOf(nocodbFromEnv).toBeCallableWith(process.env)
})

test('no credentials at all are fine: the session may be in the store, or signIn() begin it', () => {
  expectTypeOf(nocodb).toBeCallableWith({ baseUrl })
  expectTypeOf(nocodb).toBeCallableWith({ baseUrl, store: memoryStore(), name: 'ada' })
  expectTypeOf(nocodbFromEnv).toBeCallableWith({ NOCODB_URL: baseUrl }, { store: memoryStore() })
})

test('what is asked of the account has types', async () => {
  const noco = nocodb({ baseUrl })
  await noco.signIn({ email: 'ada@example.com', password: 'x' })
  expectTypeOf(await noco.me())
    .toHaveProperty('email')
    .toBeString()
  expectTypeOf(await noco.apiTokens.list()).toEqualTypeOf<ApiToken[]>()
  expectTypeOf(noco.signOut()).resolves.toEqualTypeOf<undefined>()
})

test('misuse does not compile', () => {
  // @ts-expect-error somewhere it has to live
  expectTypeOf(nocodb({ apiToken: 'x' })).toExtend<NocoDB>()
  // @ts-expect-error misspelt
  nocodb({ baseUrl, email: 'ada@example.com', pasword: 'x' })
  // @ts-expect-error as axios spells it
  nocodb({ baseURL: baseUrl })
  // @ts-expect-error the scheme is NocoDB's
  nocodb({ baseUrl, scheme: {} })
  // @ts-expect-error the environment has them
  nocodbFromEnv(process.env, { apiToken: 'x' })
  // @ts-expect-error half the credentials
  void nocodb({ baseUrl }).signIn({ email: 'ada@example.com' })
})
