import type { MaybePromise, TokenManagerOptions } from '@latchkey/core'
import { expectKnown, invalidOption, type OptionNames, parseAddress } from '@latchkey/core/service'
import type { Authentication } from './authentication.ts'
import type { AskServerTime } from './server-time.ts'
import type { PowerAuthTokenStore } from './token-store.ts'
import type { PowerAuthToken, PowerAuthVersion, TokenMac } from './token-digest.ts'

/** The options that core takes unchanged. */
export interface ManagerOptions
  extends Pick<
    TokenManagerOptions,
    | 'origin'
    | 'isTokenRejected'
    | 'skipAuth'
    | 'whenSignedOut'
    | 'whenRefused'
    | 'renewAheadMs'
    | 'renewTimeoutMs'
    | 'fetch'
    | 'clock'
    | 'allowInsecure'
  > {}

/** Options for keeping tokens and signing. */
interface SigningOptions extends ManagerOptions, Pick<TokenManagerOptions, 'store'> {
  /** Keeps the tokens of two instances in one store apart. Default: the first origin. */
  instanceId?: string
  /** Default: `'3.3'`. `'4.0'` needs `mac: kmac256` from `@latchkey/powerauth/kmac`. */
  version?: PowerAuthVersion
  /** Makes the digests if WebCrypto cannot. Default: HMAC-SHA256 by WebCrypto. */
  mac?: TokenMac
  /**
   * Returns the id of the current activation, or `undefined` without one. Called for every header. Tokens of another
   * activation are deleted, not used. Without this option activations are not compared.
   */
  activationId?(): MaybePromise<string | undefined>
  /** PowerAuth's status endpoint, the source of the time. Default: `/pa/v3/status` at the first origin. */
  statusUrl?: string
  /** Returns the server's time instead, in epoch milliseconds. */
  serverTime?: AskServerTime
}

/** For an app that creates the tokens with its activation's keys. */
export interface CreatedTokensOptions<A extends Authentication> extends SigningOptions {
  /**
   * Creates a token at the server. This needs the activation's keys. Pass `signal` on to the request: it aborts
   * when no caller waits any more.
   */
  createToken(
    name: string,
    authentication: A,
    options: { signal: AbortSignal },
  ): MaybePromise<PowerAuthToken>
  /** Removes a token at the server. Resolves only when it is removed there. */
  removeToken?(tokenId: string): MaybePromise<unknown>
}

/** For one token that you have already. */
export interface KnownTokenOptions extends SigningOptions, PowerAuthToken {}

/** For the mobile SDK, which keeps the tokens and never shows a secret. */
export interface SdkOptions<A extends Authentication> extends ManagerOptions {
  /** `powerAuth.tokenStore` of `react-native-powerauth-mobile-sdk`. */
  tokenStore: PowerAuthTokenStore<A>
  /** Called after a 401 to make the SDK learn the server's time, for example by `fetchActivationStatus()`. */
  synchronizeTime?(): Promise<unknown>
}

/**
 * The source of tokens: your function that creates them, one known token, or the mobile SDK.
 */
export type PowerAuthOptions<A extends Authentication = Authentication> =
  | CreatedTokensOptions<A>
  | KnownTokenOptions
  | SdkOptions<A>

const KNOWN: OptionNames<PowerAuthOptions> = {
  origin: true,
  createToken: 'function',
  removeToken: 'function',
  tokenId: true,
  tokenSecret: true,
  tokenStore: true,
  synchronizeTime: 'function',
  store: 'store',
  instanceId: 'text',
  version: true,
  mac: 'function',
  activationId: 'function',
  statusUrl: true,
  serverTime: 'function',
  isTokenRejected: true,
  skipAuth: true,
  whenSignedOut: true,
  whenRefused: true,
  renewAheadMs: true,
  renewTimeoutMs: true,
  fetch: true,
  clock: true,
  allowInsecure: 'boolean',
}

const VERSIONS: readonly unknown[] = [
  '3.0',
  '3.1',
  '3.2',
  '3.3',
  '4.0',
] satisfies PowerAuthVersion[]

type Every = Partial<CreatedTokensOptions<never> & KnownTokenOptions & SdkOptions<never>>

/** Checks the options that core does not know. @throws {LatchkeyError} `ERR_INVALID_OPTION`, never showing a secret. */
export function checkPowerAuthOptions<Options extends Every>(given: Options): Options {
  const options = expectKnown(given, KNOWN)
  const { createToken, tokenId, tokenStore, version = '3.3', mac, statusUrl }: Every = options
  const sources = [createToken, tokenId, tokenStore].filter((source) => source !== undefined)
  if (sources.length !== 1) {
    throw invalid('set one of `createToken`, `tokenStore`, or `tokenId` with `tokenSecret`')
  }
  if (!VERSIONS.includes(version))
    throw invalid(`\`version\` must be one of ${VERSIONS.join(', ')}`)
  if (version === '4.0' && !mac) {
    throw invalid('`version` 4.0 needs `mac: kmac256` from "@latchkey/powerauth/kmac"')
  }
  if (tokenStore !== undefined && typeof tokenStore?.generateHeaderForToken !== 'function') {
    throw invalid('`tokenStore` must be the `tokenStore` of the PowerAuth SDK')
  }
  // It carries no secret, but fetch would print a password in it.
  if (statusUrl !== undefined) parseAddress('statusUrl', statusUrl, { allowInsecure: true })
  return options
}

const invalid = (problem: string) => invalidOption(`powerAuth(): ${problem}.`)
