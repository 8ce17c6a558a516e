// An adapter for undici's `request`. It makes the two calls that @latchkey/core has for adapters: before a
// request, authorize() returns the headers to add; after its answer, recover() decides whether to send it again.
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
 * It does not follow redirects, like undici's `request`. Without a token it rejects with a `LatchkeyError`.
 * A 401 that a new token did not cure is returned, and `manager.explain(response)` returns the reason.
 *
 * @param send Sends the requests. If this function made it for the same manager, it is returned unchanged.
 */
export function authorizedRequest(manager: Authorizer, send: Request = undiciRequest): Request {
  if (isOwnedBy(send, manager)) return send // attached twice
  const wrapped: Request = async (target, options = {}) => {
    const url = new URL(target)
    const { method = 'GET', signal, body } = options
    const own = new Headers(options.headers) // these may include the caller's own credential
    const asked = manager.authorize({ url, method, headers: own, signal })
    // The caller may change a form or a buffer while we wait, so copy it now.
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
        text: seen.text, // returns the start of the body
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

/** Sends a form as bytes, because undici does not recognise the FormData of Node or of another copy of undici. */
async function packed(body: unknown): Promise<Packed> {
  if (!(body instanceof FormData)) return { body, headers: {} }
  const form = new Response(body)
  const type = form.headers.get('content-type') ?? ''
  return { body: Buffer.from(await form.arrayBuffer()), headers: { 'content-type': type } }
}

/** The options of one attempt. The second attempt gets a new stream. */
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
