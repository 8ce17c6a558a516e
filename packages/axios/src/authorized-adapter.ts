import {
  type Authorizer,
  bodyFactory,
  isOneShot,
  mayBeStored,
  parseUrl,
  snapshot,
} from '@latchkey/core'
import {
  type AxiosAdapter,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
  isAxiosError,
} from 'axios'
import { createRedirectGuard, type RedirectGuard } from './redirect-guard.ts'
import { AxiosResponseView } from './response-view.ts'
import {
  type AdapterOption,
  attempt,
  authorized,
  createUrlReader,
  expectKept,
  type Outcome,
} from './sending.ts'
import { startBudget } from './time-budget.ts'

/** What one registration works with. */
interface Registration {
  manager: Authorizer
  guard: RedirectGuard
  urlOf: (config: InternalAxiosRequestConfig) => string
}

/** Makes adapters that authorize what they send through another, and send once more when that helps. */
export function createAuthorizedAdapter(
  manager: Authorizer,
): (original: AdapterOption) => AxiosAdapter {
  const registration = { manager, guard: createRedirectGuard(), urlOf: createUrlReader() }
  return (original) => async (config) => {
    const cancelling = listenForCancel(config)
    try {
      const outcome = await send(registration, original, config, cancelling?.signal)
      if (outcome.response && outcome.error === undefined) return outcome.response
      throw withReason(manager, outcome)
    } finally {
      cancelling?.stop()
    }
  }
}

async function send(
  { manager, guard, urlOf }: Registration,
  original: AdapterOption,
  config: InternalAxiosRequestConfig,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  const { data } = config
  const url = urlOf(config)
  const method = (config.method ?? 'get').toUpperCase()
  const replayable = !isOneShot(data) || bodyFactory(data) !== undefined
  const budget = startBudget(config)
  const asked = manager.authorize({ url, method, headers: ownHeaders(config, url), signal })
  const held = asked instanceof Promise ? snapshot(data) : undefined
  let authorization = asked instanceof Promise ? await budget.wait(asked) : asked
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
    const journey = guard.about(response, authorization)
    const view = new AxiosResponseView(response, journey, authorization)
    const decision = manager.recover(authorization, view, { signal, replayable })
    const next = decision instanceof Promise ? await budget.wait(decision) : decision
    if (!next) return outcome
    isPastCaches = mayBeStored(view.headers)
    discard(response)
    authorization = next
  }
}

/** axios makes `Authorization` of its `auth` option, and of a user in the URL, only when it sends. */
const ownHeaders = ({ headers, auth }: InternalAxiosRequestConfig, url: string) => ({
  has: (name: string) =>
    headers.has(name) || (name === 'authorization' && (Boolean(auth) || namesUser(url))),
})

const namesUser = (url: string) =>
  url.includes('@') && Boolean(parseUrl(url, globalThis.location?.href)?.username)

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
  if (!signal && !cancelToken) return undefined
  type TokenSignal = AbortSignal & { unsubscribe?: () => void }
  const token = cancelToken as { toAbortSignal?: () => TokenSignal } | undefined
  const ofToken = token?.toAbortSignal?.()
  const given = [signal, ofToken].filter((one) => one instanceof AbortSignal)
  return {
    signal: given.length > 1 ? AbortSignal.any(given) : given[0],
    stop: () => ofToken?.unsubscribe?.(),
  }
}
