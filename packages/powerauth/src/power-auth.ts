import { GrantRejectedError, memoryStore, type TokenManager } from '@latchkey/core'
import { invalidOption, managerOptions } from '@latchkey/core/service'
import { type Authentication, factorsOf } from './authentication.ts'
import { createLocalTokens, type LocalTokens } from './local-tokens.ts'
import { createChanges, createNamedManager } from './named-manager.ts'
import {
  checkPowerAuthOptions,
  type CreatedTokensOptions,
  type KnownTokenOptions,
  type PowerAuthOptions,
  type SdkOptions,
} from './power-auth-options.ts'
import { createSdkTokens } from './sdk-tokens.ts'
import { askStatus, createServerTime, type ServerTime, type TimeQuestion } from './server-time.ts'
import { createSharedRequests } from './shared-requests.ts'
import { hmacSha256, type PowerAuthVersion, readToken } from './token-digest.ts'
import type { NamedToken, PowerAuthTokenStore } from './token-store.ts'

/** The tokens of one PowerAuth instance, by name. */
export interface PowerAuth<A extends Authentication = Authentication>
  extends PowerAuthTokenStore<A> {
  /**
   * Returns the token of this name: the local one, or a new one. Simultaneous callers share one request, and each
   * can abort its own call. A failure is not remembered.
   *
   * @throws {LatchkeyError} `ERR_AUTHENTICATION_DIFFERS` when the token exists, or is being created, with
   *   other factors; `ERR_ACTIVATION_CHANGED` when its activation has been removed, and
   *   `ERR_SESSION_CHANGED` when it was removed in the meantime (neither is kept); `ERR_UNUSABLE_TOKEN`; and the
   *   unchanged errors of `createToken`.
   */
  requestAccessToken(
    tokenName: string,
    authentication: A,
    options?: { signal?: AbortSignal },
  ): Promise<NamedToken>
  /**
   * Returns the local token of this name, without asking the server.
   *
   * @throws {LatchkeyError} `ERR_TOKEN_NOT_AVAILABLE` when there is none.
   */
  getLocalToken(tokenName: string): Promise<NamedToken>
  /**
   * Returns a header for one attempt of one request, because the server accepts each only once.
   *
   * @throws {LatchkeyError} `ERR_TOKEN_NOT_AVAILABLE` when it does not exist.
   */
  generateHeaderForToken(tokenName: string): Promise<{
    /** The header's name. */
    key: string
    /** Its value, valid for one attempt. */
    value: string
  }>
  /**
   * Removes the token at the server, then here. If the server fails, the local token stays.
   *
   * @throws {LatchkeyError} `ERR_TOKEN_NOT_AVAILABLE`, and the unchanged errors of `removeToken`.
   */
  removeAccessToken(tokenName: string): Promise<void>
  /** Forgets the token here, not at the server. A request for it in progress is dropped. */
  removeLocalToken(tokenName: string): Promise<void>
  /**
   * Forgets all tokens of this instance. Call it when the activation is removed. If the store has no `names()`, only
   * the tokens that this process used are forgotten.
   */
  removeAllLocalTokens(): Promise<void>
  /**
   * Makes a manager of one token, for `registerAuth`, `authHooks` and `wrapFetch`. It signs each attempt anew.
   *
   * After a 401 it synchronises the time, once for all requests, and sends the request again with a fresh header.
   * If the server refuses that too, the local token is removed. A new one is created only if that works without
   * asking the user. Otherwise requests reject with `ERR_SIGN_IN_REQUIRED` until requestAccessToken().
   *
   * @param options.authentication Used to create a missing token. Only possession is allowed.
   * @throws {LatchkeyError} `ERR_INVALID_OPTION` for factors that need the user.
   */
  token(tokenName: string, options?: { authentication?: A }): TokenManager
  /**
   * Learns the server's time now. A 401 does the same, so this is only useful after a long sleep of the device.
   *
   * @throws the errors of the status request; the clock then stays as it is.
   */
  synchronizeTime(options?: { signal?: AbortSignal }): Promise<void>
}

/**
 * Named, signed tokens of a PowerAuth server.
 *
 * Creating a token needs the activation's keys, which this package does not have. So the mobile SDK does all of it
 * (`tokenStore`), or your function creates tokens (`createToken`), or you have one already (`tokenId` and
 * `tokenSecret`).
 *
 * @throws {LatchkeyError} `ERR_INVALID_OPTION`, naming the option and what was expected.
 *
 * @example
 * const bank = powerAuth({ origin: 'https://bank.example.com', tokenStore: sdk.tokenStore })
 * const api = wrapFetch(bank.token('balance', { authentication: PowerAuthAuthentication.possession() }))
 */
export function powerAuth<A extends Authentication = Authentication>(
  given: PowerAuthOptions<A>,
): PowerAuth<A> {
  const options = checkPowerAuthOptions(given)
  const source = isSdk(options) ? fromSdk(options) : fromSecrets(options)
  const { tokens } = source
  const changes = createChanges()
  const requests = createSharedRequests<A>(tokens.obtain)

  /** Makes managers look at their token again after a change, also after one that failed halfway. */
  const changing = <T>(work: Promise<T>): Promise<T> => work.finally(() => changes.notify())

  const facade: Omit<PowerAuth<A>, 'token'> = {
    requestAccessToken: (name, authentication, { signal } = {}) =>
      changing(requests.request(name, authentication, signal)),
    hasLocalToken: (name) => tokens.hasLocalToken(name),
    getLocalToken: (name) => tokens.getLocalToken(name),
    generateHeaderForToken: (name) => tokens.generateHeaderForToken(name),
    removeAccessToken: (name) => changing(tokens.removeAccessToken(name)),
    removeLocalToken(name) {
      requests.drop(name)
      return changing(tokens.removeLocalToken(name))
    },
    removeAllLocalTokens() {
      requests.drop()
      return changing(tokens.removeAllLocalTokens())
    },
    synchronizeTime({ signal } = {}) {
      const { fetch: send = globalThis.fetch } = options
      return source.synchronize({ fetch: (...call) => send(...call), ...(signal && { signal }) })
    },
  }
  const token: PowerAuth<A>['token'] = (name, { authentication = source.authentication } = {}) =>
    createNamedManager({
      name,
      core: managerOptions(options),
      tokens: facade,
      forget: (tokenIdentifier) => changing(tokens.forget(name, tokenIdentifier)),
      changes,
      synchronize: source.synchronize,
      create: silently(facade, name, authentication),
    })
  token('any').dispose() // core checks its options now, not at the first request
  return { ...facade, token }
}

/** The source of tokens. */
interface Source<A extends Authentication> {
  tokens: LocalTokens<A>
  synchronize(question: TimeQuestion): Promise<void>
  /** The default factors for a new token. */
  authentication?: A
}

const isSdk = <A extends Authentication>(options: PowerAuthOptions<A>): options is SdkOptions<A> =>
  'tokenStore' in options && options.tokenStore !== undefined

function fromSdk<A extends Authentication>({
  tokenStore,
  synchronizeTime,
}: SdkOptions<A>): Source<A> {
  return {
    tokens: createSdkTokens(tokenStore),
    synchronize: async () => void (await synchronizeTime?.()),
  }
}

function fromSecrets<A extends Authentication>(
  options: CreatedTokensOptions<A> | KnownTokenOptions,
): Source<A> {
  const { origin, version = '3.3', mac = hmacSha256, store = memoryStore(), clock = Date } = options
  const first = [origin].flat()[0] ?? '' // core checks it, and reports errors
  const time: ServerTime = createServerTime(
    () => clock.now(),
    options.serverTime ??
      askStatus(options.statusUrl ?? `${first.replace(/\/$/, '')}/pa/v3/status`),
  )
  const isKnown = 'tokenId' in options && options.tokenId !== undefined
  const creation = isKnown ? onlyOnce<A>(options, version) : (options as CreatedTokensOptions<A>)
  const tokens = createLocalTokens<A>({
    instanceId: options.instanceId ?? first,
    store,
    signing: { version, mac },
    now: time.now,
    createToken: (name, authentication, signal) =>
      creation.createToken(name, authentication, { signal }),
    removeToken: creation.removeToken?.bind(creation),
    activationId: () => options.activationId?.(),
  })
  const { synchronize } = time
  return {
    tokens,
    synchronize,
    ...(isKnown && { authentication: 'possession' as Authentication as A }),
  }
}

/** Serves a known token, which needs no keys. It cannot be replaced once it was refused or removed. */
function onlyOnce<A extends Authentication>(
  { tokenId, tokenSecret }: KnownTokenOptions,
  version: PowerAuthVersion,
): Pick<CreatedTokensOptions<A>, 'createToken' | 'removeToken'> {
  const token = readToken({ tokenId, tokenSecret }, version, 'ERR_INVALID_OPTION')
  const given = new Set<string>()
  return {
    createToken(name) {
      if (!given.has(name)) {
        given.add(name)
        return token
      }
      throw new GrantRejectedError(
        `The token for "${name}" was refused or removed. Make a new powerAuth() with another token.`,
        { code: 'ERR_API_TOKEN_REJECTED' },
      )
    },
  }
}

/** Creates a manager's token, only if that needs neither a PIN nor a fingerprint. */
function silently<A extends Authentication>(
  { requestAccessToken }: Pick<PowerAuth<A>, 'requestAccessToken'>,
  name: string,
  authentication: A | undefined,
): ((signal: AbortSignal) => Promise<NamedToken>) | undefined {
  if (authentication === undefined) return undefined
  if (factorsOf(authentication) !== 'possession') {
    throw invalidOption(
      '`authentication` of token() must be possession alone, because the user is not asked when it is used. Call requestAccessToken() for other factors.',
    )
  }
  return (signal) => requestAccessToken(name, authentication, { signal })
}
