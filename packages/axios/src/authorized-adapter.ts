import {
  type Authorizer,
  bodyFactory,
  isOneShot,
  mayBeStored,
  parseUrl,
  snapshot,
} from '@latchkey/core/adapter'
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
  adapterOf,
  authorized,
  conceal,
  createUrlReader,
  expectKept,
  failed,
  keyOf,
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
  return (original) => (config) => {
    const cancelling = listenForCancel(config)
    const sent = send(registration, original, config, cancelling?.signal)
    return cancelling ? sent.finally(cancelling.stop) : sent
  }
}

/** One function for all that a request with a fresh token needs: each more would be a promise more. */
async function send(
  { manager, guard, urlOf }: Registration,
  original: AdapterOption,
  config: InternalAxiosRequestConfig,
  signal: AbortSignal | undefined,
): Promise<AxiosResponse> {
  const { data } = config
  const url = urlOf(config)
  const method = (config.method ?? 'get').toUpperCase()
  const replayable = !isOneShot(data) || bodyFactory(data) !== undefined
  const budget = startBudget(config)
  const asked = manager.authorize({ url, method, headers: ownHeaders(config, url), signal })
  const held = asked instanceof Promise ? snapshot(data) : undefined
  let authorization = asked instanceof Promise ? await budget.wait(asked) : asked
  // Nobody sends it again without a renewal, so only then it is copied.
  const body = held ?? (authorization.renewable ? snapshot(data) : data)
  let isPastCaches = false
  for (;;) {
    const isOurs = authorization.generation > 0
    if (isOurs) expectKept(original, authorization)
    const mine = isOurs ? authorized(config, body, authorization, budget.left(), guard) : config
    if (isPastCaches) mine.fetchOptions = { ...mine.fetchOptions, cache: 'no-store' }
    let outcome: Outcome
    try {
      outcome = { response: conceal(await adapterOf(original, mine)(mine), config) }
    } catch (error) {
      outcome = failed(error, config)
    }
    const { response } = outcome
    if (!response) return settle(manager, outcome)
    const view = new AxiosResponseView(response, authorization, guard)
    const decision = manager.recover(authorization, view, { signal, replayable })
    const next = decision instanceof Promise ? await budget.wait(decision) : decision
    if (!next) return settle(manager, outcome)
    isPastCaches = mayBeStored(view.headers)
    discard(response)
    authorization = next
  }
}

/** As axios ends it; an error with Latchkey's reason as its `cause`. */
function settle(manager: Authorizer, { response, error }: Outcome): AxiosResponse {
  if (response && error === undefined) return response
  const reason = manager.explain(response)
  if (reason && isAxiosError(error) && error.cause === undefined) {
    Object.defineProperty(error, 'cause', { value: reason, configurable: true, writable: true })
  }
  throw error
}

/** axios makes `Authorization` of its `auth` option, and of a user in the URL, only when it sends. */
const ownHeaders = ({ headers, auth }: InternalAxiosRequestConfig, url: string) => ({
  has(name: string) {
    const key = keyOf(headers, name)
    if (key !== undefined && headers[key] !== undefined) return true
    return name === 'authorization' && (Boolean(auth) || namesUser(url))
  },
})

const namesUser = (url: string) =>
  url.includes('@') && Boolean(parseUrl(url, globalThis.location?.href)?.username)

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
