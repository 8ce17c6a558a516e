import { isLatchkeyError } from '@latchkey/core'
import {
  type Authorization,
  type Authorizer,
  isThenable,
  mayBeStored,
  untilBodyFails,
} from '@latchkey/core/adapter'
import {
  type AxiosAdapter,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
  isAxiosError,
} from 'axios'
import { type Body, settleBody } from './body.ts'
import { keepStream } from './kept-stream.ts'
import { onceOverReplays } from './progress.ts'
import { createRedirectGuard, type RedirectGuard } from './redirect-guard.ts'
import { AxiosResponseView } from './response-view.ts'
import { conceal, failed, giveBack, hide, type Outcome, unsendable, unsent } from './conceal.ts'
import { authorized, changed } from './config-copy.ts'
import { createAddressReader, ownHeaders } from './request.ts'
import { isMark } from './session-mark.ts'
import { startBudget, type TimeBudget } from './time-budget.ts'
import { type AdapterOption, adapterOf, warnOfOwnAdapter } from './transport.ts'

/** What one registration uses. */
interface Registration {
  manager: Authorizer
  guard: RedirectGuard
  addressOf: ReturnType<typeof createAddressReader>
  warn: ReturnType<typeof warnOfOwnAdapter>
}

/** One request, as it was at the call. */
interface Call {
  original: AdapterOption
  config: InternalAxiosRequestConfig
  body: Body
  budget: TimeBudget
  /** Replaces properties of the config in every attempt. */
  changes: Partial<InternalAxiosRequestConfig>
}

/**
 * Creates adapters that authorize requests, send them through another adapter, and replay them once if that helps.
 */
export function createAuthorizedAdapter(
  manager: Authorizer,
): (original: AdapterOption) => AxiosAdapter {
  const guard = createRedirectGuard()
  const registration = {
    manager,
    guard,
    addressOf: createAddressReader(),
    warn: warnOfOwnAdapter(),
  }
  return (original) => (config) => {
    const cancelling = listenForCancel(config)
    const sent = send(registration, original, config, cancelling?.signal)
    return cancelling ? sent.finally(cancelling.stop) : sent
  }
}

/** Sends a request. It is one long function, because each further one would cost a promise for every request. */
async function send(
  registration: Registration,
  original: AdapterOption,
  config: InternalAxiosRequestConfig,
  signal: AbortSignal | undefined,
): Promise<AxiosResponse> {
  try {
    const { manager, guard } = registration
    const address = registration.addressOf(config)
    // axios reports an invalid URL itself.
    if (!address)
      return settle(manager, await sendBare(registration, { original, config, changes: {} }))
    const { url } = address
    const method = (config.method ?? 'get').toUpperCase()
    const budget = startBudget(config)
    const { skipAuth } = config
    const headers = ownHeaders(config, url)
    const asked = manager.authorize({ url, method, headers, skipAuth, signal })
    const body = settleBody(config.data, isThenable(asked) ? 'whole' : undefined)
    const { onUploadProgress, onDownloadProgress } = config
    const progress = onUploadProgress || onDownloadProgress ? onceOverReplays(config) : undefined
    const changes = { ...address.changes, ...progress }
    const call: Call = { original, config, body, budget, changes }
    let authorization = isThenable(asked)
      ? await budget.wait(untilBodyFails(asked, config.data, (error) => unsendable(error, config)))
      : asked
    for (;;) {
      const isOurs = authorization.generation > 0 || authorization.attempt > 1
      const outcome = await (isOurs
        ? attempt(registration, call, authorization)
        : sendBare(registration, call))
      const { response } = outcome
      if (!response) return settle(manager, outcome)
      const view = new AxiosResponseView(response, authorization, guard)
      const { replayable } = body
      const decision = manager.recover(authorization, view, { signal, replayable })
      const next = isThenable(decision) ? await waitReading(response, call, decision) : decision
      if (!next) return settle(manager, outcome)
      if (mayBeStored(view.headers))
        changes.fetchOptions = { ...config.fetchOptions, cache: 'no-store' }
      discard(response)
      authorization = next
    }
  } catch (error) {
    throw isLatchkeyError(error) ? unsent(error, config) : error
  }
}

/** Waits for `work`, and reads a streamed answer ahead in the meantime, because the work may need its connection. */
async function waitReading<T>(
  response: AxiosResponse,
  call: Call,
  work: PromiseLike<T>,
): Promise<T> {
  const kept = keepStream(response)
  try {
    return await call.budget.wait(work)
  } finally {
    kept?.stop()
  }
}

/**
 * Sends a request as axios does without a registration, but serialises the parameters once. After a token was
 * sent, a connection of the same agent may remember it, so the raw request is hidden.
 */
async function sendBare(
  { guard }: Registration,
  { original, config, changes }: Pick<Call, 'original' | 'config' | 'changes'>,
): Promise<Outcome> {
  const hidesToken = ({ request }: { request?: unknown }) =>
    guard.secrets.size > 0 && typeof (request as { write?: unknown } | null)?.write === 'function'
  const marked = Object.keys(config.headers).find((name) => isMark(config.headers[name]))
  const isChanged = marked !== undefined || 'params' in changes
  const mine = isChanged ? changed(config, changes, marked) : config
  try {
    const response = await adapterOf(original, mine)(mine)
    if (isChanged) response.config = config
    return { response: hidesToken(response) ? conceal(response, config) : response }
  } catch (error) {
    const { response, request } = (error ?? {}) as { response?: AxiosResponse; request?: unknown }
    if (hidesToken({ request })) return failed(error, config)
    if (isChanged) for (const one of [error, response]) giveBack(one, config)
    return { error, response }
  }
}

async function attempt(
  { guard, warn }: Registration,
  { original, config, body, budget, changes }: Call,
  authorization: Authorization,
): Promise<Outcome> {
  warn(original, authorization)
  const { data, type } = body.next()
  const env = guard.env(config)
  const mine = authorized(config, { ...changes, data, env }, authorization, guard.secrets)
  const timeout = budget.left()
  if (timeout !== undefined) mine.timeout = timeout
  if (type !== undefined) mine.headers.setContentType(type)
  try {
    const adapter = adapterOf(original, mine, authorization.headers)
    return { response: conceal(await adapter(mine), config) }
  } catch (error) {
    budget.correct(error)
    return failed(error, config)
  }
}

/** Ends the request as axios does. An error has Latchkey's reason as its `cause`. */
function settle(manager: Authorizer, { response, error }: Outcome): AxiosResponse {
  if (response && error === undefined) return response
  const reason = manager.explain(response)
  if (reason && isAxiosError(error) && error.cause === undefined) hide(error, 'cause', reason)
  throw error
}

/** Destroys an unread stream, which would keep its connection. */
function discard({ data }: AxiosResponse): void {
  if (typeof data?.destroy === 'function') data.destroy()
  else if (typeof data?.cancel === 'function') data.cancel().catch(() => undefined)
}

/** Combines axios' two ways to cancel. A wait listens to both, and the listener on a cancel token must be removed. */
function listenForCancel({ signal, cancelToken }: InternalAxiosRequestConfig) {
  if (!signal && !cancelToken) return undefined
  type TokenSignal = AbortSignal & { unsubscribe?: () => void }
  const token = cancelToken as { toAbortSignal?: () => TokenSignal } | undefined
  const ofToken = token?.toAbortSignal?.()
  const given = [signal, ofToken].filter(
    (one): one is AbortSignal => typeof one?.addEventListener === 'function',
  )
  const either = given.length > 1 ? firstOf(given) : undefined
  return {
    signal: either?.signal ?? given[0],
    stop() {
      either?.stop()
      ofToken?.unsubscribe?.()
    },
  }
}

/** Replaces `AbortSignal.any()`, which React Native before 0.87 does not have. */
function firstOf(signals: readonly AbortSignal[]) {
  const controller = new AbortController()
  const abort = () => controller.abort(signals.find(({ aborted }) => aborted)?.reason)
  for (const signal of signals) signal.addEventListener('abort', abort, { once: true })
  if (signals.some(({ aborted }) => aborted)) abort()
  return {
    signal: controller.signal,
    stop: () => signals.forEach((signal) => signal.removeEventListener('abort', abort)),
  }
}
