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

/** How long a server that refuses new tokens is not asked for yet another one, in milliseconds. */
const UNPROVEN_WAIT_MS = 60_000

/** What a manager of one named token needs. It never sees a secret: its access token is the token's id. */
export interface NamedManagerOptions {
  name: string
  /** What is passed on to core. */
  core: ManagerOptions
  tokens: Pick<
    PowerAuthTokenStore,
    'hasLocalToken' | 'getLocalToken' | 'generateHeaderForToken' | 'removeLocalToken'
  >
  /** Removes the local token if it is still this one. Requests for a new one go on, after it. */
  forget(tokenIdentifier: string): Promise<void>
  changes: Changes
  synchronize(question: TimeQuestion): Promise<void>
  /** Creates the token where nobody has to be asked. */
  create: ((signal: AbortSignal) => Promise<NamedToken>) | undefined
}

/** Says when a token was requested or removed. */
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

/** The manager of one name's token: what adapters take. */
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
    whenRefused: 'end', // with a fresh header as well: the token is dead
  })
  // Before anybody else hears of it, who might request a new one at once.
  manager.on('signedOut', ({ reason }) => {
    if (reason === 'rejected') forget(options, use)?.catch(() => undefined) // core tells
  })
  return extendManager<TokenManager>(manager, {
    setTokens: () => Promise.reject(notOurs(name)),
    async signOut() {
      const ended = await manager.signOut()
      await options.tokens.removeLocalToken(name) // and what was under way
      return ended
    },
  })
}

function notOurs(name: string): LatchkeyError {
  return invalidOption(
    `The token "${name}" cannot be set: a PowerAuth token comes from requestAccessToken().`,
  )
}

/** PowerAuth's own endpoints: creating a token must not wait for one. */
function isProtocolPath(url: URL): boolean {
  return /\/pa\/v\d+\//.test(url.pathname)
}

/** The predicate, and a note when a token was accepted. */
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
        changes.notify() // it may have been removed behind our back
        throw notSigned(name, cause)
      }
    },
  }
}

/** First aid after a 401: the clock may be wrong, or the nonce was seen. The token stays the same. */
function synchronizedTime({ synchronize }: NamedManagerOptions): Grant {
  return {
    name: 'time synchronisation',
    async request({ tokens, fetch, signal }) {
      if (tokens) await synchronize({ fetch, signal })
      return tokens
    },
  }
}

/** What core and the local tokens have to do with each other. */
interface Use {
  /** The id of a token that our own grant has created and core has not yet taken over. */
  unconfirmed: string | undefined
  /** Whether our own grant created the last token, and no response has accepted it yet. */
  unproven: boolean
  /** The id of the token that core uses. */
  current: string | undefined
  /** The removal of the one it used. */
  forgetting: Promise<void> | undefined
}

/** The local token goes once core's session is over, unless another one has taken its place. */
function forget(options: NamedManagerOptions, use: Use): Promise<void> | undefined {
  const { current } = use
  use.current = undefined
  if (current !== undefined) use.forgetting = options.forget(current)
  return use.forgetting
}

/**
 * A failed creation is not tried again by itself: five failed signatures in a row block an activation. One
 * that no server has answered is, as any renewal: nobody has judged a signature. A server that takes none of
 * its own tokens is given a rest.
 */
function newToken({ name, create }: NamedManagerOptions, use: Use): Grant {
  return {
    name: 'new token',
    async request({ signal }) {
      if (!create) {
        throw new GrantRejectedError(
          `There is no local token "${name}". Request it with requestAccessToken().`,
        )
      }
      if (use.unproven) {
        use.unproven = false
        throw new LatchkeyError(
          'ERR_TOKEN_NOT_CREATED',
          `The token "${name}" was refused as soon as it was created, so no other one is created for a minute.`,
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

/** How the SDK, axios and Node say that nobody was reached. */
const UNREACHED =
  /^(NETWORK_ERROR|ERR_NETWORK|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/
/** The words of `fetch` for it, from runtime to runtime: a TypeError, as bugs are. */
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
 * The local tokens as core's store: it reads which token there is, and empties it. It writes nothing,
 * since what its own grant creates is kept already; until core says so, it is as if it were not there.
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

/** How the SDK and we say that there is no token to sign with. */
const NOT_AVAILABLE =
  /^(ERR_TOKEN_NOT_AVAILABLE|LOCAL_TOKEN_NOT_AVAILABLE|CANNOT_GENERATE_TOKEN|MISSING_ACTIVATION)$/

function notSigned(name: string, cause: unknown): LatchkeyError {
  const { code } = (cause ?? {}) as { code?: unknown }
  if (typeof code === 'string' && NOT_AVAILABLE.test(code)) {
    return new LatchkeyError(
      'ERR_SIGN_IN_REQUIRED',
      `There is no local token "${name}" any more. Request it with requestAccessToken().`,
      { cause },
    )
  }
  return new LatchkeyError('ERR_SCHEME_FAILED', `The token "${name}" could not sign.`, { cause })
}
