import type { TokenManager } from '@latchkey/core'
import { expectTypeOf, test } from 'vitest'
import { type PowerAuth, powerAuth, type PowerAuthTokenStore } from '../src/index.ts'
import { kmac256 } from '../src/kmac.ts'

// The surface of react-native-powerauth-mobile-sdk 2.3.1 (Apache-2.0), as its own types declare it.
declare class PowerAuthAuthentication {
  readonly password?: object | string
  readonly biometricPrompt?: { readonly promptMessage: string }
  get isActivationCommit(): boolean
  get isBiometricAuthentication(): boolean
  static possession(): PowerAuthAuthentication
  static password(password: object | string): PowerAuthAuthentication
  private isCommit?
  usePossession: boolean
  useBiometry: boolean
  userPassword?: object | string
}
interface SdkToken {
  tokenName: string
  tokenIdentifier: string
}
declare class SdkTokenStore {
  private instanceId
  hasLocalToken(tokenName: string): Promise<boolean>
  getLocalToken(tokenName: string): Promise<SdkToken>
  removeLocalToken(tokenName: string): Promise<void>
  removeAllLocalTokens(): Promise<void>
  requestAccessToken(tokenName: string, authentication: PowerAuthAuthentication): Promise<SdkToken>
  removeAccessToken(tokenName: string): Promise<void>
  generateHeaderForToken(tokenName: string): Promise<{ key: string; value: string }>
}
declare const tokenStore: SdkTokenStore

const origin = 'https://bank.test'
const createToken = () => ({ tokenId: 'id', tokenSecret: 'secret' })

test("the SDK's token store fits as it is, and takes nothing but its own authentication", () => {
  expectTypeOf(tokenStore).toExtend<PowerAuthTokenStore<PowerAuthAuthentication>>()
  const bank = powerAuth({ origin, tokenStore })
  expectTypeOf(bank).toEqualTypeOf<PowerAuth<PowerAuthAuthentication>>()
  bank.token('balance', { authentication: PowerAuthAuthentication.possession() })
  // @ts-expect-error the SDK would not understand it
  bank.token('balance', { authentication: 'possession' })
})

test('ours is one as well', () => {
  expectTypeOf<PowerAuth>().toExtend<PowerAuthTokenStore>()
  expectTypeOf<ReturnType<PowerAuth['token']>>().toExtend<TokenManager>()
})

test('each source of tokens is one', () => {
  expectTypeOf(powerAuth({ origin, createToken })).toEqualTypeOf<PowerAuth>()
  expectTypeOf(powerAuth({ origin, ...createToken() })).toEqualTypeOf<PowerAuth>()
  expectTypeOf(powerAuth).toBeCallableWith({ origin, createToken, version: '4.0', mac: kmac256 })
})

test('misuse does not compile', () => {
  // @ts-expect-error no source
  powerAuth({ origin })
  // @ts-expect-error half a token
  powerAuth({ origin, tokenId: 'id' })
  // @ts-expect-error no such version
  powerAuth({ origin, createToken, version: '2.1' })
  // @ts-expect-error misspelt
  powerAuth({ origin, createToken, statusURL: 'https://bank.test/pa/v3/status' })
  // @ts-expect-error nothing signs without a secret
  powerAuth({ origin, createToken: () => ({ tokenId: 'id' }) })
  // @ts-expect-error three fields are not a token store
  expectTypeOf(powerAuth({ origin, tokenStore: { ...createToken() } })).toExtend<PowerAuth>()
})
