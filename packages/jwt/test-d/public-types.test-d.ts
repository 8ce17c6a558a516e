import { headerScheme, memoryStore, type TokenManager } from '@latchkey/core'
import type { Authorizer } from '@latchkey/core/adapter'
import { expectTypeOf, test } from 'vitest'
import * as backEnds from '../src/back-ends.ts'
import { cookieScheme, type JwtSession, jwtSession, parseChallenges } from '../src/index.ts'

const required = { baseUrl: 'https://api.test', signIn: '/auth/login' }

test('a session is a token manager, so adapters take it as it is', () => {
  expectTypeOf<JwtSession>().toExtend<TokenManager>()
  expectTypeOf<JwtSession>().toExtend<Authorizer>()
  expectTypeOf(jwtSession).returns.toEqualTypeOf<JwtSession>()
})

test('an endpoint is a path, or more about it', () => {
  expectTypeOf(jwtSession).toBeCallableWith({
    ...required,
    signIn: { path: '/login', as: 'form', fields: { client_id: 'app' }, rejected: [400, 401] },
    refresh: { path: '/refresh', method: 'PUT', send: { cookie: 'refresh' } },
    signOut: { path: '/logout', send: 'bearer' },
  })
})

test('what the environment may lack is a field that may be undefined, and is told of when it is', () => {
  const credentials = { user: 'ada', password: process.env['API_PASSWORD'] }
  expectTypeOf(jwtSession).toBeCallableWith({ ...required, credentials })
  expectTypeOf(jwtSession).toBeCallableWith({ ...required, credentials: async () => undefined })
})

test('a token is taken from wherever the answer has it', () => {
  for (const token of ['data.token', { header: 'x-token' }, { cookie: 'sid' }, () => 'x']) {
    expectTypeOf(jwtSession).toBeCallableWith({ ...required, token, store: memoryStore() })
  }
  expectTypeOf(jwtSession).toBeCallableWith({ ...required, scheme: headerScheme('x-token') })
  expectTypeOf(cookieScheme('sid').headers).toBeFunction()
})

test('each back end is an isTokenRejected', () => {
  for (const isTokenRejected of Object.values(backEnds)) {
    expectTypeOf(jwtSession).toBeCallableWith({ ...required, isTokenRejected })
  }
  expectTypeOf(parseChallenges).parameter(0).toExtend<Headers | string | null>()
})

test('misuse does not compile', () => {
  // @ts-expect-error somewhere one has to sign in
  jwtSession({ baseUrl: 'https://api.test' })
  // @ts-expect-error misspelt
  jwtSession({ ...required, baseURL: 'https://api.test' })
  // @ts-expect-error misspelt, one level down
  jwtSession({ ...required, refresh: { path: '/refresh', sendAs: 'bearer' } })
  // @ts-expect-error a sign-in presents no refresh token
  jwtSession({ ...required, signIn: { path: '/login', send: 'bearer' } })
  // @ts-expect-error an expiry is in no cookie
  jwtSession({ ...required, expiresIn: { cookie: 'exp' } })
  // @ts-expect-error fields, not a text
  jwtSession({ ...required, credentials: 'ada:secret' })
})
