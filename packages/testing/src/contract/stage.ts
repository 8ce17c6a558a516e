import {
  bearer,
  createTokenManager,
  type Grant,
  GrantRejectedError,
  headerScheme,
  isLatchkeyError,
  memoryStore,
  type Scheme,
  type TokenManager,
  type TokenManagerOptions,
} from '@latchkey/core'
import { equal } from './expect.ts'
import { openScene, type Scene, type Seen } from './scene.ts'
import type { AdapterSubject, ConnectOptions, Outcome, Platform, Send } from './subject.ts'

/** One promise, with its proof. */
export interface AdapterCase {
  /** The fact that the case proves. */
  readonly name: string
  /** Its numbers in the reference lists: T pain points, S statements, F faults. */
  readonly refs: readonly string[]
  /**
   * Resolves when the fact holds; rejects with the difference if not.
   *
   * @param servers The result of `startContractServers()`, or in a page its `url`.
   */
  run(subject: AdapterSubject, servers: { readonly url: string }): Promise<void>
}

/** The servers, managers and checks of one case. */
export interface Stage {
  scene: Scene
  platform: Platform
  /** The scheme of this case's managers: the subject's own, or `xc-auth`. */
  scheme: Scheme
  /** The headers that the scheme sets, in lower case. */
  schemeHeaders: readonly string[]
  stream: AdapterSubject['stream']
  connect(manager: TokenManager, options?: Partial<ConnectOptions>): Send
  /** A manager of the scene's `api` without a token yet. */
  fresh(options?: Partial<TokenManagerOptions>): TokenManager
  /** A manager that holds a token which the server no longer accepts. */
  stale(options?: Partial<TokenManagerOptions>): TokenManager
  /** The credential headers that reached a server. */
  credentialsOf(seen: Seen | undefined): Record<string, string>
  /** Throws unless the request carried `token` by this case's scheme, and no other credential. */
  carried(seen: Seen | undefined, token: string): void
  /** Returns how many of `count` requests can be in progress at once. */
  atOnce(count: number): number
}

/** Makes a case that runs on its own stage. */
export function fact(
  name: string,
  refs: readonly string[],
  play: (stage: Stage) => Promise<void>,
): AdapterCase {
  return { name, refs, run: async (subject, servers) => play(await setStage(subject, servers)) }
}

async function setStage(
  subject: AdapterSubject,
  servers: { readonly url: string },
): Promise<Stage> {
  const scene = await openScene(servers)
  const { platform = {} } = subject
  const scheme = subject.scheme ?? (platform.bearerOnly ? bearer() : headerScheme('xc-auth'))
  const staleToken = await scene.makeToken('stale')
  const schemeHeaders = await headersOf(scheme, scene, staleToken)
  const credentialsOf: Stage['credentialsOf'] = (seen) => {
    const names = new Set([...CREDENTIALS, ...schemeHeaders])
    return Object.fromEntries(
      [...names].flatMap((name) => {
        const value = seen?.headers[name]
        return value === undefined ? [] : [[name, value]]
      }),
    )
  }
  const fresh: Stage['fresh'] = (options) =>
    createTokenManager({
      origin: new URL(scene.api).origin,
      scheme,
      grants: [renewal(scene)],
      ...options,
    })
  return {
    scene,
    platform,
    scheme,
    schemeHeaders,
    stream: subject.stream?.bind(subject),
    connect: (manager, options) => subject.connect({ manager, baseUrl: scene.api, ...options }),
    fresh,
    stale(options) {
      const store = memoryStore()
      void store.setToken({ accessToken: staleToken }, 'session')
      return fresh({ store, name: 'session', ...options })
    },
    credentialsOf,
    carried(seen, token) {
      equal(Object.keys(credentialsOf(seen)).toSorted(), schemeHeaders.toSorted(), 'credentials')
      equal(seen?.token, token, 'the token')
    },
    atOnce: (count) => Math.min(count, platform.maxConnections ?? Infinity),
  }
}

/** Asks the scene for a token, with the manager's `fetch`. */
export function renewal(scene: Scene): Grant {
  return {
    name: 'renewal',
    async request({ fetch: send, signal }) {
      const response = await send(`${scene.api}/renew`, { method: 'POST', signal })
      if (response.status === 400) {
        throw new GrantRejectedError('Wrong password.', { code: 'ERR_WRONG_PASSWORD' })
      }
      if (!response.ok) throw new Error(`The renewal was answered ${response.status}.`)
      return (await response.json()) as { accessToken: string }
    },
  }
}

/** Returns whether `scheme` sets only `Authorization`, which every platform keeps within the origin. */
export async function isPlain({ scene }: Stage, scheme: Scheme): Promise<boolean> {
  const headers = await headersOf(scheme, scene, await scene.makeToken('any'))
  return headers.every((name) => name === 'authorization')
}

/** Returns whether this platform refuses a token in `scheme`. It then throws, and sends nothing. */
export async function isBarred(stage: Stage, scheme: Scheme): Promise<boolean> {
  const { scene, connect, fresh, platform } = stage
  if (!platform.bearerOnly || (await isPlain(stage, scheme))) return false
  const outcome = await connect(fresh({ scheme }))('/items')
  equal(codeOf(outcome), 'ERR_UNSAFE_TRANSPORT')
  equal((await scene.of('/items')).length, 0)
  return true
}

/** Headers that are credentials, set by Latchkey or by the caller. */
const CREDENTIALS = ['authorization', 'xc-auth', 'xc-token', 'x-powerauth-token']

/** Returns the headers in which `scheme` sends `accessToken`, in lower case. */
async function headersOf(scheme: Scheme, { api }: Scene, accessToken: string): Promise<string[]> {
  const request = { url: new URL(`${api}/items`), method: 'GET' }
  return [...new Headers(await scheme.headers({ accessToken }, request)).keys()]
}

/** Returns the path that redirects to `target`. */
export const redirectTo = (status: number, target: string): string =>
  `/redirect?status=${status}&to=${encodeURIComponent(target)}`

/** Sends `count` requests at once. Returns their statuses, each once. */
export async function statusesOf(
  count: number,
  send: (index: number) => Promise<Outcome>,
): Promise<(number | undefined)[]> {
  const outcomes = await Promise.all(Array.from({ length: count }, (_, index) => send(index)))
  return [...new Set(outcomes.map(({ status }) => status))]
}

/** Returns the code of Latchkey's error, also if it is the cause of a client's error without an answer. */
export function codeOf({ result, status }: Outcome): unknown {
  const { cause } = (status === undefined ? result : {}) as { cause?: unknown }
  const own = [result, cause].find(isLatchkeyError)
  return own ? own.code : String(result)
}

/** Returns whether a client ended a request because its signal aborted. */
export const isAbort = ({ result }: Outcome): boolean =>
  result instanceof Error && /^(AbortError|CanceledError|CancelError)$/.test(result.name)

/** Returns whether a client ended a request because of its time limit. */
export const isTimeout = ({ result }: Outcome): boolean => {
  const { name, code, message } = result as { name?: string; code?: string; message?: string }
  return /time-?out|timed|ECONNABORTED/i.test(`${name} ${code} ${message}`)
}

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => void setTimeout(resolve, ms))
