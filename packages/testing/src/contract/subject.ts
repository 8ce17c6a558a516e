import type { Scheme, TokenManager } from '@latchkey/core'

/** A request, with options that every client has. */
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

/** The result of a request, in the same form for every client. */
export interface Outcome {
  /** The status from the client's own response or error. Absent if it has none. */
  status?: number
  /** The answer's body. */
  text?: string
  /** The client's own response, or its error. */
  result: unknown
}

/**
 * Sends one request and returns its result. Never rejects.
 *
 * @param path Passed to the client unchanged. A path that starts with a single slash is under `baseUrl`.
 */
export type Send = (path: string, call?: Call) => Promise<Outcome>

/** Options of a client. */
export interface ConnectOptions {
  /** The manager to attach. */
  manager: TokenManager
  /** Without a slash at the end. */
  baseUrl: string
  /** The client's own time limit for one request, including the wait and the replay. */
  timeoutMs?: number
  /** Attaches the manager twice, as a careless caller does. */
  twice?: boolean
}

/** Limits of a platform. The cases then check that the platform stays safe in another way. */
export interface Platform {
  /** The platform follows redirects unseen (browsers). A token in its own header is refused, so that it does not leak. */
  hidesRedirects?: boolean
  /** The caller has to follow redirects (undici's `request`). */
  returnsRedirects?: boolean
  /**
   * Only `Authorization` may carry the token (XMLHttpRequest). The cases use bearer. Other schemes are refused with
   * `ERR_UNSAFE_TRANSPORT` before anything is sent.
   */
  bearerOnly?: boolean
  /** The client reads the whole body before it returns the status (axios), so a broken body has no status. */
  buffersBodies?: boolean
  /** Without AsyncLocalStorage a grant that uses its own client has to pass its signal on. */
  hasNoAsyncContext?: boolean
  /** The platform repeats a request itself if the connection breaks (browsers). */
  resendsOnReset?: boolean
  /** Maximum number of simultaneous requests to one origin. Default: any number. */
  maxConnections?: number
}

/** An HTTP client on one transport, with an adapter. The contract cases run against it. */
export interface AdapterSubject {
  /** Makes a client and attaches the manager the way its users do. */
  connect(options: ConnectOptions): Send
  /** A body of this text that can be read once. Absent if the transport does not support streams. */
  stream?(text: string): object
  /** Limits of its platform. Default: none. */
  platform?: Platform
  /**
   * The scheme of its managers, if it is not `xc-auth`. Pass the servers a function that reads it:
   * `startContractServers({ tokenOf })`. The cases compare tokens, so each request may be signed anew.
   */
  scheme?: Scheme
}
