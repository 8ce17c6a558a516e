import { LatchkeyError, type MaybePromise, type TokenManagerOptions } from '@latchkey/core'
import { expectKnown, type OptionNames, parseUrl } from '@latchkey/core/service'
import type { Authentication } from './authentication.ts'
import type { AskServerTime } from './server-time.ts'
import type { PowerAuthTokenStore } from './token-store.ts'
import type { PowerAuthToken, PowerAuthVersion, TokenMac } from './token-digest.ts'

/** What core takes as it is. */
export interface ManagerOptions
  extends Pick<
    TokenManagerOptions,
    | 'origin'
    | 'isTokenRejected'
    | 'skipAuth'
    | 'renewTimeoutMs'
    | 'fetch'
    | 'clock'
    | 'allowInsecure'
  > {}

/** Where tokens are kept and how they sign. */
interface SigningOptions extends ManagerOptions, Pick<TokenManagerOptions, 'store'> {
  /** Keeps the tokens of two instances in one store apart. Default: the first origin. */
  instanceId?: string
  /** Default: `'3.3'`. `'4.0'` needs `mac: kmac256` from `@latchkey/powerauth/kmac`. */
  version?: PowerAuthVersion
  /** Makes the digests, where WebCrypto cannot. Default: HMAC-SHA256 by WebCrypto. */
  mac?: TokenMac
  /**
   * Whose tokens these are now; `undefined` when there is no activation. Asked for every header: tokens
   * of another activation are deleted, not used. Left out, nobody compares.
   */
  activationId?(): MaybePromise<string | undefined>
  /** PowerAuth's status endpoint, asked for the time. Default: `/pa/v3/status` at the first origin. */
  statusUrl?: string
  /** Asked for the server's time instead, in epoch milliseconds. */
  serverTime?: AskServerTime
}

/** For an app that creates the tokens with its activation's keys. */
export interface CreatedTokensOptions<A extends Authentication> extends SigningOptions {
  /**
   * Creates a token at the server, which takes the activation's keys. Tell a passed `signal` on: it
   * aborts when nobody waits any more.
   */
  createToken(
    name: string,
    authentication: A,
    options: { signal: AbortSignal },
  ): MaybePromise<PowerAuthToken>
  /** Removes a token at the server; resolves only when it is gone there. */
  removeToken?(tokenId: string): MaybePromise<unknown>
}

/** For one token that is simply known. */
export interface KnownTokenOptions extends SigningOptions, PowerAuthToken {}

/** For the mobile SDK, which keeps the tokens and never hands out a secret. */
export interface SdkOptions<A extends Authentication> extends ManagerOptions {
  /** `powerAuth.tokenStore` of `react-native-powerauth-mobile-sdk`. */
  tokenStore: PowerAuthTokenStore<A>
  /** Called after a 401: what makes the SDK learn the server's time, such as its `fetchActivationStatus()`. */
  synchronizeTime?(): Promise<unknown>
}

/**
 * Where tokens come from: a function of yours that creates them, one that is known, or the mobile SDK.
 */
export type PowerAuthOptions<A extends Authentication = Authentication> =
  | CreatedTokensOptions<A>
  | KnownTokenOptions
  | SdkOptions<A>

const KNOWN: OptionNames<PowerAuthOptions> = {
  origin: true,
  createToken: true,
  removeToken: true,
  tokenId: true,
  tokenSecret: true,
  tokenStore: true,
  synchronizeTime: true,
  store: true,
  instanceId: true,
  version: true,
  mac: true,
  activationId: true,
  statusUrl: true,
  serverTime: true,
  isTokenRejected: true,
  skipAuth: true,
  renewTimeoutMs: true,
  fetch: true,
  clock: true,
  allowInsecure: true,
}

const VERSIONS: readonly unknown[] = [
  '3.0',
  '3.1',
  '3.2',
  '3.3',
  '4.0',
] satisfies PowerAuthVersion[]

/** Checks what core does not see. @throws {LatchkeyError} `ERR_INVALID_OPTION`, never showing a secret. */
export function checkPowerAuthOptions(
  options: Partial<CreatedTokensOptions<never> & KnownTokenOptions & SdkOptions<never>>,
): void {
  expectKnown(options, KNOWN)
  const { createToken, tokenId, tokenStore, version = '3.3', mac } = options
  const sources = [createToken, tokenId, tokenStore].filter((source) => source !== undefined)
  if (sources.length !== 1) {
    throw invalid('give one of `createToken`, `tokenStore`, or `tokenId` with `tokenSecret`')
  }
  const functions = ['createToken', 'removeToken', 'activationId', 'serverTime', 'mac'] as const
  for (const name of [...functions, 'synchronizeTime' as const]) {
    const given: unknown = options[name]
    if (given !== undefined && typeof given !== 'function')
      throw invalid(`\`${name}\` must be a function`)
  }
  if (!VERSIONS.includes(version))
    throw invalid(`\`version\` must be one of ${VERSIONS.join(', ')}`)
  if (version === '4.0' && !mac) {
    throw invalid('`version` 4.0 needs `mac: kmac256` from "@latchkey/powerauth/kmac"')
  }
  if (tokenStore !== undefined && typeof tokenStore?.generateHeaderForToken !== 'function') {
    throw invalid('`tokenStore` must be the `tokenStore` of the PowerAuth SDK')
  }
  const { instanceId, store, statusUrl } = options
  const status = statusUrl === undefined ? undefined : parseUrl(statusUrl)
  if (statusUrl !== undefined && !/^https?:$/.test(status?.protocol ?? '')) {
    throw invalid('`statusUrl` must be an absolute http(s) URL')
  }
  if (status?.username || status?.password) {
    throw invalid('`statusUrl` must not hold a user name or password') // fetch would print them
  }
  if (instanceId !== undefined && (typeof instanceId !== 'string' || instanceId === '')) {
    throw invalid('`instanceId` must be a non-empty string')
  }
  const methods = [store?.getToken, store?.setToken, store?.removeToken]
  if (store !== undefined && methods.some((method) => typeof method !== 'function')) {
    throw invalid('`store` must be an object with getToken, setToken and removeToken')
  }
}

const invalid = (problem: string) =>
  new LatchkeyError('ERR_INVALID_OPTION', `powerAuth(): ${problem}.`)
