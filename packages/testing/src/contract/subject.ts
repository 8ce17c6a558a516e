import type { Scheme, TokenManager } from '@latchkey/core'

/** A request, in words that every client knows. */
export interface Call {
  /** Default: `GET`. */
  method?: string
  /** The caller's own headers. */
  headers?: Record<string, string>
  /** A string, `URLSearchParams`, `FormData`, `Blob`, `ArrayBuffer`, a view of one, or a stream. */
  body?: unknown
  /** Aborts the request. */
  signal?: AbortSignal
}

/** How a request ended, whatever the client makes of a status. */
export interface Outcome {
  /** The answer's status, as the client's own response or error tells it; absent when it tells none. */
  status?: number
  /** The answer's body. */
  text?: string
  /** What the caller has in hand: the client's own response, or what it threw. */
  result: unknown
}

/**
 * Sends one request and tells how it ended; never rejects.
 *
 * @param path Handed to the client as it is. One that starts with a single slash is under `baseUrl`.
 */
export type Send = (path: string, call?: Call) => Promise<Outcome>

/** What a client is made with. */
export interface ConnectOptions {
  /** Whom to attach. */
  manager: TokenManager
  /** Without a slash at the end. */
  baseUrl: string
  /** The client's own time limit for one request, waiting and replay included. */
  timeoutMs?: number
  /** Attach the manager a second time, as a careless caller does. */
  twice?: boolean
}

/** What a platform makes impossible. The cases then assert what is safe there instead. */
export interface Platform {
  /** Redirects are followed unseen (browsers): a token in a header of its own is refused, not leaked. */
  hidesRedirects?: boolean
  /** A redirect is the caller's to follow (undici's `request`). */
  returnsRedirects?: boolean
  /**
   * No other header than `Authorization` may carry the token (XMLHttpRequest): the cases use bearer, and
   * any other scheme is refused with `ERR_UNSAFE_TRANSPORT` before anything is sent.
   */
  bearerOnly?: boolean
  /** The client reads a whole body before it tells the status (axios), so a broken one has no status. */
  buffersBodies?: boolean
  /** Without AsyncLocalStorage a grant that uses its own client has to pass its signal on. */
  hasNoAsyncContext?: boolean
  /** The platform itself sends again when a connection breaks (browsers). */
  resendsOnReset?: boolean
  /** How many requests reach one origin at once. Default: any number. */
  maxConnections?: number
}

/** An HTTP client on one transport, made ready by an adapter: what a contract case is run against. */
export interface AdapterSubject {
  /** Makes a client and attaches the manager the way its users do. */
  connect(options: ConnectOptions): Send
  /** A body of this text that can be read once. Left out when the transport takes no streams. */
  stream?(text: string): object
  /** What its platform makes impossible. Default: nothing. */
  platform?: Platform
  /**
   * How its managers send their tokens, where that is not by `xc-auth`. The servers have to be told how
   * to read it: `startContractServers({ tokenOf })`. The cases compare tokens, so each sending may be
   * signed anew.
   */
  scheme?: Scheme
}
