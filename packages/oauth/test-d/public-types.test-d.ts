import { bearer, type TokenManager } from '@latchkey/core'
import type { Authorizer } from '@latchkey/core/adapter'
import { TlsClientAuth } from 'oauth4webapi'
import { expectTypeOf, test } from 'vitest'
import { discoverResource, registerClient } from '../src/discovery.ts'
import { type OAuth, oauth } from '../src/index.ts'
import {
  sharetribeIntegration,
  type SharetribeMarketplace,
  sharetribeMarketplace,
} from '../src/sharetribe.ts'

test('what the services give are token managers, so adapters take them as they are', () => {
  expectTypeOf<OAuth>().toExtend<TokenManager>()
  expectTypeOf<SharetribeMarketplace>().toExtend<Authorizer>()
  expectTypeOf(oauth).returns.toEqualTypeOf<OAuth>()
  expectTypeOf(sharetribeIntegration).returns.toEqualTypeOf<OAuth>()
  expectTypeOf(sharetribeMarketplace).returns.toEqualTypeOf<SharetribeMarketplace>()
})

test('what the environment may lack may be undefined', () => {
  expectTypeOf(oauth).toBeCallableWith({
    origin: 'https://api.test',
    issuer: process.env['ISSUER'],
    clientId: 'reports',
    clientSecret: process.env['SECRET'],
  })
})

test('clients show who they are, and ask, in their own ways', () => {
  const required = { origin: 'https://api.test', issuer: 'https://login.test', clientId: 'x' }
  oauth({ ...required, clientSecret: () => 'x' })
  oauth({ ...required, clientSecret: async () => 'x' })
  oauth({ ...required, clientAuthentication: TlsClientAuth(), scheme: bearer() })
  oauth({ ...required, resource: ['https://a.test'], refreshScope: 'read' })
  const grantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
  oauth({ ...required, grants: [{ name: 'jwt', grantType, parameters: { assertion: 'x' } }] })
  oauth({ ...required, grants: [{ name: 'own', request: async () => undefined }] })
})

test("the ways to a token, and a store of Sharetribe's own SDK", () => {
  const required = { origin: ['https://a.test', 'https://b.test'], clientId: 'reports' }
  const tokenEndpoint = 'https://login.test/token'
  oauth({ ...required, tokenEndpoint, clientSecret: 'x', clientCredentials: true })
  oauth({ ...required, tokenEndpoint, username: 'ada', password: 'x', scope: 'read write' })
  oauth({ ...required, tokenEndpoint, parameters: { resource: ['https://a.test'] } })
  const tokenStore = { getToken: () => null, setToken: () => true, removeToken: () => true }
  expectTypeOf(sharetribeMarketplace).toBeCallableWith({ clientId: 'x', tokenStore })
})

test('what is found out can be spread into the options of oauth()', async () => {
  const found = await discoverResource('https://mcp.example.com/mcp')
  const registered = await registerClient(found.issuer, { clientName: 'An agent' })
  expectTypeOf(oauth({ ...found, ...registered, scope: 'read' })).toEqualTypeOf<OAuth>()
})

test('misuse does not compile', () => {
  // @ts-expect-error somewhere the token has to go
  expectTypeOf(oauth({ issuer: 'https://login.test', clientId: 'x' })).toExtend<OAuth>()
  const required = { origin: 'https://api.test', issuer: 'https://login.test' }
  // @ts-expect-error whoever asks has a name
  oauth(required)
  // @ts-expect-error as the wire spells it
  oauth({ ...required, client_id: 'reports' })
  // @ts-expect-error scopes are one text, separated by spaces
  oauth({ ...required, clientId: 'reports', scope: ['read', 'write'] })
  // @ts-expect-error private_key_jwt is a function of oauth4webapi
  oauth({ ...required, clientId: 'reports', clientAuthentication: 'private_key_jwt' })
  // @ts-expect-error misspelt
  sharetribeMarketplace({ clientId: 'x', user: 'ada' })
  // @ts-expect-error half the credentials
  void sharetribeMarketplace({ clientId: 'x' }).signIn({ username: 'ada' })
  // @ts-expect-error the Integration API wants a secret
  expectTypeOf(sharetribeIntegration({ clientId: 'x' })).toExtend<OAuth>()
  // @ts-expect-error an address as text, so that it can be compared with what the API calls itself
  void discoverResource(new URL('https://mcp.example.com/mcp'))
  // @ts-expect-error no such way of authentication
  void registerClient('https://login.example.com', { clientAuthentication: 'jwt' })
})
