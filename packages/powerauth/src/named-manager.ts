import { causesOf, extendManager, invalidOption } from '@latchkey/core/service'
import {
  createTokenManager,
  type Grant,
  GrantRejectedError,
  LatchkeyError,
  type Scheme,
  type TokenManager,
  type TokenStore,
} from '@latchkey/core'
import type { ManagerOptions } from './power-auth-options.ts'
import type { TimeQuestion } from './server-time.ts'
import type { NamedToken, PowerAuthTokenStore } from './token-store.ts'

/** Pause, in milliseconds, after the server has refused a new token, before another one is created. */
const UNPROVEN_WAIT_MS = 60_000

/** Parts of a manager of one named token. It never sees a secret, because its access token is the token's id. */
export interface NamedManagerOptions {
  name: string
  /** The options for core. */
  core: ManagerOptions
  tokens: Pick<
    PowerAuthTokenStore,
    'hasLocalToken' | 'getLocalToken' | 'generateHeaderForToken' | 'removeLocalToken'
  >
  /** Removes the local token if it still has this id. Requests for a new one run after it. */
  forget(tokenIdentifier: string): Promise<void>
  changes: Changes
  synchronize(question: TimeQuestion): Promise<void>
  /** Creates the token if that works without asking the user. */
  create: ((signal: AbortSignal) => Promise<NamedToken>) | undefined
}

/** Notifies when a token was requested or removed. */
export interface Changes {
  notify(): void
  listen(listener: () => void): () => void
}

export function createChanges(): Changes {
  const listeners = new Set<() => void>()
  return {
    notify: () => listeners.forEach((listener) => listener()),
    listen(listener) {
      const own = () => listener()
      listeners.add(own)
      return () => void listeners.delete(own)
    },
  }
}

/** Makes the manager of one named token, for adapters. */
export function createNamedManager(options: NamedManagerOptions): TokenManager {
  const { name, core } = options
  const use: Use = {
    unconfirmed: undefined,
    unproven: false,
    current: undefined,
    forgetting: undefined,
  }
  const manager = createTokenManager({
    ...core,
    name,
    isTokenRejected: proving(core.isTokenRejected, use),
    skipAuth: core.skipAuth ?? (({ url }) => isProtocolPath(url)),
    scheme: signing(options),
    store: localStore(options, use),
    grants: [synchronizedTime(options), newToken(options, use)],
    whenRefused: core.whenRefused ?? 'end', // by default: the fresh header was refused too, so the token is dead
  })
  // First, before other listeners can request a new one.
  manager.on('signedOut', ({ reason }) => {
    if (reason === 'rejected') forget(options, use)?.catch(() => undefined) // core reports it
  })
  return extendManager<TokenManager>(manager, {
    setTokens: () => Promise.reject(notOurs(name)),
    async signOut() {
      const ended = await manager.signOut()
      await options.tokens.removeLocalToken(name) // also drops requests in progress
      return ended
    },
  })
}

function notOurs(name: string): LatchkeyError {
  return invalidOption(
    `The token "${name}" cannot be set. A PowerAuth token comes from requestAccessToken().`,
  )
}

/** PowerAuth's own endpoints. They get no token, because creating a token must not wait for one. */
function isProtocolPath(url: URL): boolean {
  return /\/pa\/v\d+\//.test(url.pathname)
}

/** Returns the predicate, which also notes when a token was accepted. */
function proving(
  isRejected: ManagerOptions['isTokenRejected'] = ({ status }) => status === 401,
  use: Use,
): NonNullable<ManagerOptions['isTokenRejected']> {
  const note = (rejected: boolean): boolean => {
    if (!rejected) use.unproven = false
    return rejected
  }
  return async (response) => note(await isRejected(response))
}

/** Signs every attempt anew. */
function signing({ name, tokens, changes }: NamedManagerOptions): Scheme {
  return {
    name: 'PowerAuth',
    header: 'x-powerauth-token',
    async headers() {
      try {
        const { key, value } = await tokens.generateHeaderForToken(name)
        return { [key.toLowerCase()]: value }
      } catch (cause) {
        changes.notify() // it may have been removed by other code
        throw notSigned(name, cause)
      }
    },
  }
}

/** After a first 401 the clock may be wrong, or the nonce was used. Learns the time and keeps the token. */
function synchronizedTime({ synchronize }: NamedManagerOptions): Grant {
  return {
    name: 'time synchronisation',
    async request({ tokens, fetch, signal }) {
      if (tokens) await synchronize({ fetch, signal })
      return tokens
    },
  }
}

/** State that links core's session with the local token. */
interface Use {
  /** The id of a token that our own grant has created and core has not yet taken over. */
  unconfirmed: string | undefined
  /** Whether our own grant created the last token, and no response has accepted it yet. */
  unproven: boolean
  /** The id of the token that core uses. */
  current: string | undefined
  /** The removal of the token it used before. */
  forgetting: Promise<void> | undefined
}

/** Removes the local token once core's session has ended, unless a newer one has replaced it. */
function forget(options: NamedManagerOptions, use: Use): Promise<void> | undefined {
  const { current } = use
  use.current = undefined
  if (current !== undefined) use.forgetting = options.forget(current)
  return use.forgetting
}

/**
 * Does not repeat a failed creation by itself, because five failed signatures in a row block an activation. A
 * creation that no server has answered is repeated, because no signature was judged. If the server refuses its own
 * new token, the next one is created only after a pause.
 */
function newToken({ name, create }: NamedManagerOptions, use: Use): Grant {
  return {
    name: 'new token',
    async request({ signal }) {
      if (!create) {
        throw new GrantRejectedError(
          `No local token "${name}" exists. Request it with requestAccessToken().`,
        )
      }
      if (use.unproven) {
        use.unproven = false
        throw new LatchkeyError(
          'ERR_TOKEN_NOT_CREATED',
          `The server refused the new token "${name}", so no other one is created for a minute. Check the origin and the activation.`,
          { retryAfterMs: UNPROVEN_WAIT_MS },
        )
      }
      try {
        const { tokenIdentifier } = await create(signal)
        use.unconfirmed = tokenIdentifier
        use.unproven = true
        return { accessToken: tokenIdentifier }
      } catch (cause) {
        const message = `The token "${name}" could not be created.`
        if (isUnreached(cause))
          throw new LatchkeyError('ERR_SERVER_UNAVAILABLE', message, { cause })
        throw new GrantRejectedError(message, { cause, code: 'ERR_TOKEN_NOT_CREATED' })
      }
    },
  }
}

/** Error codes of the SDK, axios and Node for a server that was not reached. */
const UNREACHED =
  /^(NETWORK_ERROR|ERR_NETWORK|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/
/** Messages of `fetch` for it, by runtime. The error is a TypeError, as it is for bugs. */
const FETCH_FAILED = /fetch|network|connection|load failed|sending request|terminated/i

function isUnreached(error: unknown): boolean {
  for (const one of causesOf(error)) {
    const { code, name, message } = one as Record<string, unknown>
    if (name === 'TypeError' && FETCH_FAILED.test(String(message))) return true
    if (UNREACHED.test(String(code))) return true
  }
  return false
}

/**
 * Makes the local tokens core's store, which only reads and removes. It writes nothing, because a token that the
 * grant creates is already kept. The store hides that token until core has taken it over.
 */
function localStore(options: NamedManagerOptions, use: Use): TokenStore {
  const { name, tokens, changes } = options
  return {
    async getToken() {
      if (!(await tokens.hasLocalToken(name))) return undefined
      const { tokenIdentifier } = await tokens.getLocalToken(name)
      if (tokenIdentifier === use.unconfirmed) return undefined
      use.current = tokenIdentifier
      return { accessToken: tokenIdentifier }
    },
    setToken({ accessToken }) {
      use.unconfirmed = undefined
      use.current = accessToken
    },
    removeToken: () => forget(options, use),
    subscribe: (_, listener) => changes.listen(listener),
  }
}

/** Codes of the SDK and of Latchkey for a missing token. */
const NOT_AVAILABLE =
  /^(ERR_TOKEN_NOT_AVAILABLE|LOCAL_TOKEN_NOT_AVAILABLE|CANNOT_GENERATE_TOKEN|MISSING_ACTIVATION)$/

function notSigned(name: string, cause: unknown): LatchkeyError {
  const { code } = (cause ?? {}) as { code?: unknown }
  if (typeof code === 'string' && NOT_AVAILABLE.test(code)) {
    return new LatchkeyError(
      'ERR_SIGN_IN_REQUIRED',
      `The local token "${name}" has been removed. Request it with requestAccessToken().`,
      { cause },
    )
  }
  return new LatchkeyError('ERR_SCHEME_FAILED', `The token "${name}" could not sign.`, { cause })
}
