import { type Authorizer, bodyFactory, isOneShot, mayBeStored, snapshot } from '@latchkey/core'
import {
  type AxiosAdapter,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
  isAxiosError,
} from 'axios'
import { createRedirectGuard, type RedirectGuard } from './redirect-guard.ts'
import { viewOf } from './response-view.ts'
import {
  type AdapterOption,
  attempt,
  authorized,
  expectKept,
  type Outcome,
  urlOf,
} from './sending.ts'
import { startBudget } from './time-budget.ts'

/** Makes adapters that authorize what they send through another, and send once more when that helps. */
export function createAuthorizedAdapter(
  manager: Authorizer,
): (original: AdapterOption) => AxiosAdapter {
  const guard = createRedirectGuard()
  return (original) => async (config) => {
    const outcome = await send(manager, guard, original, config)
    if (outcome.response && outcome.error === undefined) return outcome.response
    throw withReason(manager, outcome)
  }
}

async function send(
  manager: Authorizer,
  guard: RedirectGuard,
  original: AdapterOption,
  config: InternalAxiosRequestConfig,
): Promise<Outcome> {
  const url = urlOf(config)
  if (!url) return attempt(original, config)
  const cancelling = listenForCancel(config)
  try {
    return await sendAuthorized({
      manager,
      guard,
      original,
      config,
      url,
      signal: cancelling.signal,
    })
  } finally {
    cancelling.stop()
  }
}

interface Sending {
  manager: Authorizer
  guard: RedirectGuard
  original: AdapterOption
  config: InternalAxiosRequestConfig
  url: URL
  signal: AbortSignal | undefined
}

async function sendAuthorized(sending: Sending): Promise<Outcome> {
  const { manager, guard, original, config, url, signal } = sending
  const { data } = config
  const method = (config.method ?? 'get').toUpperCase()
  const replayable = !isOneShot(data) || bodyFactory(data) !== undefined
  const budget = startBudget(config)
  const asked = manager.authorize({ url, method, headers: ownHeaders(config, url), signal })
  const held = asked instanceof Promise ? snapshot(data) : undefined
  let authorization = await budget.wait(asked)
  if (authorization.generation === 0) return attempt(original, config)
  // Nobody sends it again without a renewal, so only then it is copied.
  const body = held ?? (authorization.renewable ? snapshot(data) : data)
  let isPastCaches = false
  for (;;) {
    expectKept(original, authorization)
    const mine = authorized(config, body, authorization, budget.left(), guard)
    if (isPastCaches) mine.fetchOptions = { ...mine.fetchOptions, cache: 'no-store' }
    const outcome = await attempt(original, config, mine)
    const { response } = outcome
    if (!response) return outcome
    const view = viewOf(response, guard.about(response, authorization))
    const next = await budget.wait(manager.recover(authorization, view, { signal, replayable }))
    if (!next) return outcome
    isPastCaches = mayBeStored(view.headers)
    discard(response)
    authorization = next
  }
}

/** axios makes `Authorization` of its `auth` option, and of a user in the URL, only when it sends. */
const ownHeaders = ({ headers, auth }: InternalAxiosRequestConfig, { username }: URL) => ({
  has: (name: string) =>
    headers.has(name) || (name === 'authorization' && Boolean(auth ?? username)),
})

/** The error of `outcome`, with Latchkey's reason as its `cause`. */
function withReason(manager: Authorizer, { response, error }: Outcome): unknown {
  const reason = manager.explain(response)
  if (reason && isAxiosError(error) && error.cause === undefined) {
    Object.defineProperty(error, 'cause', { value: reason, configurable: true, writable: true })
  }
  return error
}

/** An unread stream would keep its connection. */
function discard({ data }: AxiosResponse): void {
  if (typeof data?.destroy === 'function') data.destroy()
  else if (typeof data?.cancel === 'function') data.cancel().catch(() => undefined)
}

/** axios has two ways to cancel; a wait listens to both, and a token must be told when to stop. */
function listenForCancel({ signal, cancelToken }: InternalAxiosRequestConfig) {
  type TokenSignal = AbortSignal & { unsubscribe?: () => void }
  const token = cancelToken as { toAbortSignal?: () => TokenSignal } | undefined
  const ofToken = token?.toAbortSignal?.()
  const given = [signal, ofToken].filter((one) => one instanceof AbortSignal)
  return {
    signal: given.length > 1 ? AbortSignal.any(given) : given[0],
    stop: () => ofToken?.unsubscribe?.(),
  }
}
