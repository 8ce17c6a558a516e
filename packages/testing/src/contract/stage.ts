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
import { CANARY } from './canary.ts'
import { openScene, type Scene, type Seen } from './scene.ts'
import type { AdapterSubject, ConnectOptions, Outcome, Platform, Send } from './subject.ts'

/** One promise, with what proves it. */
export interface AdapterCase {
  /** The fact that it proves. */
  readonly name: string
  /** Its numbers in the reference lists: T pain points, S statements, F faults. */
  readonly refs: readonly string[]
  /**
   * Resolves when the fact holds; rejects with what was found instead.
   *
   * @param servers What `startContractServers()` gave, or in a page its `url`.
   */
  run(subject: AdapterSubject, servers: { readonly url: string }): Promise<void>
}

/** What a case plays on. */
export interface Stage {
  scene: Scene
  platform: Platform
  /** The scheme of this case's managers, and the header in which it sends. */
  scheme: Scheme
  stream: AdapterSubject['stream']
  connect(manager: TokenManager, options?: Partial<ConnectOptions>): Send
  /** A manager of the scene's `api` without a token yet. */
  fresh(options?: Partial<TokenManagerOptions>): TokenManager
  /** A manager that holds a token which the server no longer accepts. */
  stale(options?: Partial<TokenManagerOptions>): TokenManager
  /** The credential headers of a request with `token`. */
  carrying(token: string): Record<string, string>
  /** How many of `count` requests can be under way at once. */
  atOnce(count: number): number
}

/** Makes a case of what is played on a stage of its own. */
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
  const scheme = platform.bearerOnly ? bearer() : headerScheme('xc-auth')
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
    stream: subject.stream?.bind(subject),
    connect: (manager, options) => subject.connect({ manager, baseUrl: scene.api, ...options }),
    fresh,
    stale(options) {
      const store = memoryStore()
      void store.setToken({ accessToken: `${CANARY}-stale` }, 'session')
      return fresh({ store, name: 'session', ...options })
    },
    carrying: (token) =>
      platform.bearerOnly ? { authorization: `Bearer ${token}` } : { 'xc-auth': token },
    atOnce: (count) => Math.min(count, platform.maxConnections ?? Infinity),
  }
}

/** Asks the scene for a token, with whatever `fetch` the manager gives. */
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

/** The credential headers that reached a server. */
export function credentialsOf(seen: Seen | undefined): Record<string, string> {
  const names = ['authorization', 'xc-auth', 'xc-token', 'x-powerauth-token']
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = seen?.headers[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

/** The path that redirects to `target`. */
export const redirectTo = (status: number, target: string): string =>
  `/redirect?status=${status}&to=${encodeURIComponent(target)}`

/** `count` requests at once; their statuses, each once. */
export async function statusesOf(
  count: number,
  send: (index: number) => Promise<Outcome>,
): Promise<(number | undefined)[]> {
  const outcomes = await Promise.all(Array.from({ length: count }, (_, index) => send(index)))
  return [...new Set(outcomes.map(({ status }) => status))]
}

/** The code of Latchkey's own error, or what else was thrown. */
export const codeOf = ({ result }: Outcome): unknown =>
  isLatchkeyError(result) ? result.code : String(result)

/** Whether a client ended a request because its signal aborted. */
export const isAbort = ({ result }: Outcome): boolean =>
  result instanceof Error && /^(AbortError|CanceledError|CancelError)$/.test(result.name)

/** Whether a client ended a request because its time was up. */
export const isTimeout = ({ result }: Outcome): boolean => {
  const { name, code, message } = result as { name?: string; code?: string; message?: string }
  return /time-?out|timed|ECONNABORTED/i.test(`${name} ${code} ${message}`)
}

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => void setTimeout(resolve, ms))
