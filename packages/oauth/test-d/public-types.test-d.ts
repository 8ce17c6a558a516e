import type { Authorizer, TokenManager } from '@latchkey/core'
import { expectTypeOf, test } from 'vitest'
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

test('misuse does not compile', () => {
  // @ts-expect-error somewhere the token has to go
  expectTypeOf(oauth({ issuer: 'https://login.test', clientId: 'x' })).toExtend<OAuth>()
  // @ts-expect-error the Integration API wants a secret
  expectTypeOf(sharetribeIntegration({ clientId: 'x' })).toExtend<OAuth>()
})
