import { deferred } from './deferred.ts'
import { type Fault, type Faults, NetworkFault } from './faults.ts'

/** A double's `fetch`: takes what the platform's takes, and rejects as it does. */
export type DoubleFetch = (input: Request | URL | string, init?: RequestInit) => Promise<Response>

/** The parts of a double that one request passes through. */
export interface Answering<Kind extends string> {
  readonly app: { fetch(request: Request): Response | Promise<Response> }
  readonly faults: Faults<Kind>
  /** What a request is for. May read the body of a clone. */
  kindOf(request: Request): Kind | Promise<Kind>
  /** Begins the entry of a request that has just arrived; the result is called with its status, 0 for none. */
  arrived(request: Request, kind: Kind, isFault: boolean): (status: number) => void
}

/** Makes the `fetch` of a double: ordered faults first, then the app, and a note of each answer. */
export function answeringFetch<Kind extends string>(parts: Answering<Kind>): DoubleFetch {
  return async (input, init) => {
    const request = new Request(input, init)
    const response = await untilAborted(answer(parts, request), request.signal)
    return Object.defineProperty(response, 'url', { value: request.url, configurable: true })
  }
}

async function answer<Kind extends string>(
  { app, faults, kindOf, arrived }: Answering<Kind>,
  request: Request,
): Promise<Response> {
  const kind = await kindOf(request)
  const fault = faults.take(kind)
  const answered = arrived(request, kind, fault !== undefined)

  await faults.pass(kind)
  if (fault !== undefined && typeof fault === 'object') {
    answered(fault.status)
    return faultAnswer(fault)
  }
  if (fault === 'network') {
    answered(0)
    throw new NetworkFault()
  }
  const response = await app.fetch(request)
  answered(fault === 'lost answer' ? 0 : response.status)
  if (fault === 'lost answer') throw new NetworkFault()
  return response
}

function faultAnswer({ status, body, headers }: Exclude<Fault, string>): Response {
  const init = headers === undefined ? { status } : { status, headers }
  if (body === undefined || body === null) return new Response(null, init)
  return typeof body === 'string' ? new Response(body, init) : Response.json(body, init)
}

/** Like a connection: an abort reaches the caller at once, and the server works on. */
async function untilAborted(pending: Promise<Response>, signal: AbortSignal): Promise<Response> {
  if (signal.aborted) throw signal.reason
  const aborted = deferred<never>()
  const abort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([pending, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
