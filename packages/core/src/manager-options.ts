import type { Clock } from './clock.ts'
import type { Chain } from './grant/chain.ts'
import type { Grant } from './grant/grant.ts'
import type { Inside } from './grant/inside.ts'
import { expectKnown, invalidOption, type OptionNames } from './option-names.ts'
import { parseOrigins } from './origin.ts'
import { RENEW_AHEAD_MS } from './kernel/decisions.ts'
import type { ResponseView } from './fetch/response-view.ts'
import type { Scheme } from './scheme/scheme.ts'
import type { TokenSet } from './token-set.ts'
import {
  type KernelStore,
  type MaybePromise,
  memoryStore,
  type TokenStore,
} from './store/token-store.ts'

/** The parts of a manager: where the token may go, how it is sent, and how to obtain one. */
export interface TokenManagerOptions {
  /** The only origins that receive the token: scheme, host and port, such as `'https://api.example.com'`. */
  origin: string | readonly string[]
  /** How the token is sent: `bearer()`, `headerScheme('xc-auth')`, or your own. */
  scheme: Scheme
  /** The chain of grants, at least one. They are asked in order, and the first that applies wins. */
  grants: readonly Grant[]
  /** Where the token set is kept beyond the end of the process. Default: `memoryStore()`. */
  store?: TokenStore
  /** The name of this token set in the store, used unchanged. Default: the first origin. */
  name?: string
  /**
   * Returns whether a response rejects the token of its request. Default: the status is 401. Called for every
   * response to a request that carried the manager's token. If it throws, the status decides.
   */
  isTokenRejected?: (response: ResponseView) => MaybePromise<boolean>
  /** Returns true for requests to your origin that go out without a token, such as a sign-in page. */
  skipAuth?: (request: { url: URL; method: string }) => boolean
  /**
   * What happens to a request while the user is signed out. `'reject'` (the default): it rejects with
   * `ERR_SIGN_IN_REQUIRED`. `'send'`: it goes out without a token, as a visitor's. If there are credentials to
   * sign in with, the manager signs in first.
   */
  whenSignedOut?: 'reject' | 'send'
  /**
   * Returns the new tokens in an ordinary response, such as a prolonged cookie or a header with the next token.
   * Called for every answer below 400 to a request that carried the token in use. Return `undefined` for none.
   * Default: none.
   */
  tokensFrom?: (response: ResponseView, tokens: TokenSet) => TokenSet | undefined
  /**
   * Answers a challenge without a renewal: obtains a token of another strength or scope, or learns a nonce. Called
   * for each 401 and 403 to a request that carried a token of this session, before `isTokenRejected`.
   *
   * @param tokens The token set in use.
   * @param isInUse Whether the request carried that token set. False: it was replaced in the meantime, so the new
   *   one may already fulfil the challenge.
   * @returns Another token set: it replaces the one in use, within the same session, and the request is sent again
   *   with it, once. The same `tokens`: the request is sent again, once, with new headers; another token set
   *   or a renewal may still follow. `undefined`: the response is judged like any other.
   * @throws A LatchkeyError: `explain(response)` returns it, and the request is not sent again.
   */
  onChallenge?: (
    response: ResponseView,
    tokens: TokenSet,
    isInUse: boolean,
  ) => MaybePromise<TokenSet | undefined>
  /**
   * What it means if the server rejects a token that was just renewed. `'keep'` (the default): this user may not
   * do this, and the session is kept. `'end'`: the token is not valid any more. The session ends, the store is
   * emptied, and the next request asks the chain.
   */
  whenRefused?: 'keep' | 'end'
  /**
   * How long before expiry a renewal starts in the background, in milliseconds; a finite number >= 0. Default: the
   * store's value, else 60_000. Never more than a fifth of the token's life.
   */
  renewAheadMs?: number
  /** How long a renewal may take, retries included, in milliseconds; more than 0. Default: 15_000. */
  renewTimeoutMs?: number
  /** The `fetch` that grants use. Default: the global one, looked up at each call. */
  fetch?: typeof fetch
  /** The source of the time, for tests. Default: `Date`. */
  clock?: Clock
  /** Allows plain http beyond loopback. Anyone on the network path can then read your tokens. Default: false. */
  allowInsecure?: boolean
}

const KNOWN: OptionNames<TokenManagerOptions> = {
  origin: true,
  scheme: true,
  grants: true,
  store: 'store',
  name: 'text',
  isTokenRejected: 'function',
  skipAuth: 'function',
  whenSignedOut: true,
  tokensFrom: 'function',
  onChallenge: 'function',
  whenRefused: true,
  renewAheadMs: true,
  renewTimeoutMs: true,
  fetch: 'function',
  clock: true,
  allowInsecure: 'boolean',
}

/** The options that every service shares with the manager. */
export type ServiceOptions = Pick<
  TokenManagerOptions,
  | 'store'
  | 'skipAuth'
  | 'whenSignedOut'
  | 'whenRefused'
  | 'renewAheadMs'
  | 'renewTimeoutMs'
  | 'fetch'
  | 'clock'
  | 'allowInsecure'
>

/** The names of those options, for `expectKnown()`. */
export const serviceOptions: OptionNames<ServiceOptions> = {
  store: KNOWN.store,
  skipAuth: KNOWN.skipAuth,
  whenSignedOut: KNOWN.whenSignedOut,
  whenRefused: KNOWN.whenRefused,
  renewAheadMs: KNOWN.renewAheadMs,
  renewTimeoutMs: KNOWN.renewTimeoutMs,
  fetch: KNOWN.fetch,
  clock: KNOWN.clock,
  allowInsecure: KNOWN.allowInsecure,
}

/** Returns the options of a service that `createTokenManager()` has too. */
export function managerOptions<O extends object>(
  options: O,
): Pick<O, keyof O & keyof TokenManagerOptions> {
  const shared = Object.entries(options).filter(([option]) => Object.hasOwn(KNOWN, option))
  return Object.fromEntries(shared) as Pick<O, keyof O & keyof TokenManagerOptions>
}

/** The options as the manager uses them: checked, and with their defaults. */
export interface ManagerOptions {
  origins: ReadonlySet<string>
  scheme: Scheme
  grants: readonly Grant[]
  store: TokenStore
  name: string
  isTokenRejected: TokenManagerOptions['isTokenRejected']
  skipAuth: TokenManagerOptions['skipAuth']
  whenSignedOut: 'reject' | 'send'
  tokensFrom: TokenManagerOptions['tokensFrom']
  onChallenge: TokenManagerOptions['onChallenge']
  whenRefused: 'keep' | 'end'
  renewAheadMs: number
  renewTimeoutMs: number
  fetch: typeof fetch
  clock: Clock
}

/** The options of the kernel. Its store and its grants are wrapped. */
export interface KernelOptions extends Omit<ManagerOptions, 'store' | 'grants' | 'fetch'> {
  store: KernelStore
  /** Asks the chain of grants. */
  ask: Chain
  /** Recognises the grants' own requests. */
  inside: Inside
}

/** Checks the options. @throws {LatchkeyError} `ERR_INVALID_OPTION`, naming the option and the expected value. */
export function checkOptions(given: TokenManagerOptions): ManagerOptions {
  const options = expectKnown(given, KNOWN)
  const { scheme, grants, store = memoryStore(), clock = Date } = options
  const { isTokenRejected, skipAuth, tokensFrom, onChallenge, fetch } = options
  const { whenSignedOut = 'reject', whenRefused = 'keep' } = options
  const origins = parseOrigins(options.origin, options.allowInsecure === true)
  const [firstOrigin = ''] = origins
  const name = options.name ?? firstOrigin
  expect('scheme', 'a scheme such as bearer()', isFunction(scheme?.headers))
  expect('grants', 'a list of at least one grant', Array.isArray(grants) && grants.length > 0)
  grants.forEach((grant, at) => {
    const complete = typeof grant?.name === 'string' && isFunction(grant.request)
    expect(`grants[${at}]`, 'an object with a name and a request function', complete)
  })
  expect('clock', 'an object with a now function', isFunction(clock?.now))
  expect('whenRefused', "'keep' or 'end'", whenRefused === 'keep' || whenRefused === 'end')
  const isKnown = whenSignedOut === 'reject' || whenSignedOut === 'send'
  expect('whenSignedOut', "'reject' or 'send'", isKnown)
  return {
    origins,
    scheme,
    grants: [...grants],
    store,
    name,
    isTokenRejected,
    skipAuth,
    whenSignedOut,
    tokensFrom,
    onChallenge,
    whenRefused,
    renewAheadMs: duration(
      'renewAheadMs',
      options.renewAheadMs ?? store.renewAheadMs ?? RENEW_AHEAD_MS,
      0,
    ),
    renewTimeoutMs: duration('renewTimeoutMs', options.renewTimeoutMs ?? 15_000, 1),
    fetch: fetch ?? ((input, init) => globalThis.fetch(input, init)),
    clock,
  }
}

const isFunction = (value: unknown): boolean => typeof value === 'function'

function expect(option: string, expected: string, met: boolean): asserts met {
  if (!met) throw invalidOption(`\`${option}\` must be ${expected}.`)
}

function duration(option: string, value: number, least: number): number {
  const got = typeof value === 'number' ? String(value) : typeof value
  const expected = `a finite number of milliseconds >= ${least}, got ${got}`
  expect(option, expected, Number.isFinite(value) && value >= least)
  // A timer cannot wait longer. With a larger value it would fire at once.
  return Math.min(value, 2 ** 31 - 1)
}
