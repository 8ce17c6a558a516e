// An adapter for undici's `request`, written on the two calls that @latchkey/core offers adapters:
// authorize() says what to add before a request is sent, recover() what to do about its answer.
import {
  type Authorization,
  type Authorizer,
  bodyFactory,
  isOneShot,
  isOwnedBy,
  markOwned,
  snapshot,
} from '@latchkey/core/adapter'
import { type Dispatcher, request as undiciRequest } from 'undici'
import { peekable } from './peekable.ts'

export type Request = (
  url: string | URL,
  options?: RequestOptions,
) => Promise<Dispatcher.ResponseData>

export type RequestOptions = Omit<
  Dispatcher.RequestOptions,
  'origin' | 'path' | 'headers' | 'method'
> & {
  method?: Dispatcher.HttpMethod
  headers?: Record<string, string>
  signal?: AbortSignal
}

/**
 * undici's `request`, kept signed in: `const request = authorizedRequest(manager)`.
 *
 * It follows no redirects, as undici's own does not. When no token can be had it rejects with a
 * `LatchkeyError`; a 401 that could not be cured is answered as it is, and `manager.explain(response)`
 * tells why.
 *
 * @param send What really sends. Already made by this function for the same manager, it stays as it is.
 */
export function authorizedRequest(manager: Authorizer, send: Request = undiciRequest): Request {
  if (isOwnedBy(send, manager)) return send // attached twice
  const wrapped: Request = async (target, options = {}) => {
    const url = new URL(target)
    const { method = 'GET', signal, body } = options
    const own = new Headers(options.headers) // one of them may be the caller's own credential
    const asked = manager.authorize({ url, method, headers: own, signal })
    // While we wait, the caller may change a form or a buffer: what was given is what is sent.
    const held = asked instanceof Promise ? snapshot(body) : undefined
    let authorization = await asked
    if (authorization.generation === 0) return send(url, options) // not ours: nothing to add
    const kept = await packed(held ?? (authorization.renewable ? snapshot(body) : body))
    for (;;) {
      signal?.throwIfAborted()
      const sent = await send(url, withToken(options, kept, authorization))
      const seen = peekable(sent.body)
      const view = {
        status: sent.statusCode,
        url: url.href,
        headers: headersOf(sent),
        text: seen.text, // the start of the body, for whoever asks
        original: sent, // so that explain() knows the response that the caller gets
      }
      const replayable = !isOneShot(body) || bodyFactory(body) !== undefined
      const next = await manager.recover(authorization, view, { signal, replayable })
      if (!next) return Object.assign(sent, { body: seen.rest() })
      seen.discard()
      authorization = next
    }
  }
  return markOwned(wrapped, manager)
}

interface Packed {
  body: unknown
  headers: Record<string, string>
}

/** undici knows no other copy's FormData, and Node has one of its own: a form goes as its bytes. */
async function packed(body: unknown): Promise<Packed> {
  if (!(body instanceof FormData)) return { body, headers: {} }
  const form = new Response(body)
  const type = form.headers.get('content-type') ?? ''
  return { body: Buffer.from(await form.arrayBuffer()), headers: { 'content-type': type } }
}

/** The options of one attempt. A stream is made anew for the second. */
function withToken(
  options: RequestOptions,
  kept: Packed,
  { attempt, headers }: Authorization,
): RequestOptions {
  const factory = attempt > 1 ? bodyFactory(options.body) : undefined
  const body = (factory ? factory() : kept.body) as RequestOptions['body']
  const all = { ...kept.headers, ...options.headers, ...headers }
  return { ...options, body: body ?? null, headers: all }
}

function headersOf({ headers }: Dispatcher.ResponseData): Headers {
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((one): [string, string] => [name, one]),
  )
  return new Headers(pairs)
}
