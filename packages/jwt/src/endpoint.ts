import type { MaybePromise } from '@latchkey/core'
import { expectKnown, invalidOption, type OptionNames, parseAddress } from '@latchkey/core/service'

/** Names and values. An `undefined` value is not sent. */
type EndpointHeaders = Readonly<Record<string, string | undefined>>

/** Address and form of one of our own requests. */
export interface Endpoint {
  /** A path below `baseUrl` (`'/auth/login'`, with or without the slash), or an absolute URL of another server. */
  path: string
  /** Default: `'POST'`. With `'GET'` the fields are sent in the query. */
  method?: string
  /** Format of the body: `'json'` (default), or `'form'` as in HTML forms and OAuth. */
  as?: 'json' | 'form'
  /**
   * More headers, such as `{ 'x-api-key': '…' }`; or a function that is called before each request, for a tenant that
   * changes, or a CSRF token in a cookie of the page. `Accept: application/json` is sent with each request.
   */
  headers?: EndpointHeaders | (() => MaybePromise<EndpointHeaders>)
  /** More fields of the body, such as `{ client_id: 'app' }`. */
  fields?: Readonly<Record<string, unknown>>
}

/** The answer of a token endpoint, as passed to `rejected`. */
export interface TokenAnswer {
  /** The HTTP status. */
  status: number
  /** Its headers. */
  headers: Headers
  /** Parsed if it is JSON, else text. */
  body: unknown
}

/** An endpoint that answers with a token. */
export interface TokenEndpoint extends Endpoint {
  /**
   * Which answers are a definite no: a list of statuses, or a function that judges any answer, also a 200. Default:
   * the API's own answers with 400, 401, 403 or 422, answers with another status whose message clearly rejects the
   * credentials or the token, and a 200 that says it is a failure. These are not a no: the page of a firewall or a proxy,
   * a gateway's status, a rate limit, a CSRF error, a refresh that lacks a field, the key of an app, `invalid_client` or
   * the like. The session is then kept, and a later request tries again.
   */
  rejected?: readonly number[] | ((answer: TokenAnswer) => boolean)
}

/** Where a request carries the refresh token. */
export type RefreshTokenPlace =
  | {
      /** The field of the body, with dots between levels: `'variables.refresh_token'`. */
      body: string
    }
  | {
      /** The header's name. */
      header: string
    }
  | {
      /** The cookie's name. In a page the browser sends it, so nothing is added. */
      cookie: string
    }
  | 'bearer'

/** The endpoint that exchanges a refresh token for the next access token. */
export interface RefreshEndpoint extends TokenEndpoint {
  /**
   * How the refresh token is sent: as a field of the body, in a header, as a cookie, or as
   * `Authorization: Bearer`. Default: as the cookie or header that it came in. Otherwise in the body, in a field of the
   * same name. If that name is not known (after a restart, for example), as `refresh_token`; if the API then answers that
   * a field is missing, also as `refreshToken` and `refresh`.
   */
  send?: RefreshTokenPlace
  /**
   * Which answers mean that the user has to do something first, such as accept new terms: a list of statuses, or a
   * function that judges any answer. The session is kept, and the refresh token is not sent again until `refresh()`, a
   * sign-in, or a change in the store. `ERR_USER_ACTION_REQUIRED` has the answer's `status` and `body`. Default: none.
   */
  deferred?: readonly number[] | ((answer: TokenAnswer) => boolean)
}

/** The server's sign-out endpoint. */
export interface SignOutEndpoint extends Endpoint {
  /** How the refresh token is sent, if the server needs it. The access token is sent as usual. */
  send?: RefreshTokenPlace
}

const shared: OptionNames<Endpoint> = {
  path: true,
  method: true,
  as: true,
  headers: true,
  fields: true,
}
const KNOWN = {
  signIn: { ...shared, rejected: true } satisfies OptionNames<TokenEndpoint>,
  refresh: {
    ...shared,
    rejected: true,
    deferred: true,
    send: true,
  } satisfies OptionNames<RefreshEndpoint>,
  signOut: { ...shared, send: true } satisfies OptionNames<SignOutEndpoint>,
}

/** An endpoint with its URL and defaults filled in. */
export type Settled<E extends Endpoint> = E & { url: URL }

/** Returns the API's base address; its path ends with a slash. */
export interface Base {
  url: URL
  allowInsecure: boolean
}

/** @throws {LatchkeyError} `ERR_INVALID_OPTION`, naming the option. */
export function settle<E extends Endpoint>(
  option: keyof typeof KNOWN,
  given: string | E,
  base: Base,
): Settled<E> {
  const told = (typeof given === 'string' ? { path: given } : (given ?? {})) as E
  const endpoint = expectKnown(told, KNOWN[option], `${option}.`)
  const { path, method = 'POST', as = 'json', headers } = endpoint
  if (typeof path !== 'string' || path === '') {
    throw invalidOption(
      `\`${option}\` must be a path such as "/auth/login", or an object with one.`,
    )
  }
  const { url: below, allowInsecure } = base
  // A colon may be part of a path: `/accounts:signIn`.
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(path)
    ? parseAddress(option, path, { allowInsecure })
    : parseAddress(option, `./${path.replace(/^\/+/, '')}`, { allowInsecure, below })
  if (as !== 'json' && as !== 'form')
    throw invalidOption(`\`${option}.as\` must be "json" or "form".`)
  if (!/^(GET|POST|PUT|PATCH|DELETE)$/i.test(method)) {
    throw invalidOption(`\`${option}.method\` must be GET, POST, PUT, PATCH or DELETE.`)
  }
  const { rejected, deferred } = endpoint as Partial<RefreshEndpoint>
  checkAnswers(`${option}.rejected`, rejected)
  checkAnswers(`${option}.deferred`, deferred)
  const { fields } = endpoint
  if (fields !== undefined && Object.prototype.toString.call(fields) !== '[object Object]') {
    throw invalidOption(`\`${option}.fields\` must be an object.`)
  }
  if (typeof headers !== 'function' && !canBeHeaders(headers))
    throw invalidOption(`\`${option}.headers\` has a name or value that is not valid in a header.`)
  const isStatic = headers !== undefined && typeof headers !== 'function'
  const sent = isStatic && { headers: Object.fromEntries(toHeaders(headers)) }
  return Object.assign(endpoint, { url, method: method.toUpperCase() }, sent)
}

/** @throws {LatchkeyError} `ERR_INVALID_OPTION`, naming the option. */
function checkAnswers(option: string, given: unknown): void {
  const isList = Array.isArray(given) && given.every((status) => typeof status === 'number')
  if (given !== undefined && typeof given !== 'function' && !isList)
    throw invalidOption(`\`${option}\` must be a list of statuses, or a function.`)
}

/** Checked here, because the error of fetch would print the value. */
function canBeHeaders(headers: EndpointHeaders = {}): boolean {
  try {
    return Boolean(toHeaders(headers))
  } catch {
    return false
  }
}

/** Returns the entries of an object, a Headers or a Map. */
function toHeaders(given: EndpointHeaders): Headers {
  if (Symbol.iterator in given) return new Headers([...(given as Iterable<[string, string]>)])
  const headers = new Headers()
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) headers.set(name, value)
  }
  return headers
}

/** Returns the headers for a request to `endpoint` now. @throws {LatchkeyError} `ERR_INVALID_OPTION`, showing no value. */
export async function headersOf({ headers: given = {}, url }: Settled<Endpoint>): Promise<Headers> {
  const told = (typeof given === 'function' ? await given() : given) ?? {}
  if (!canBeHeaders(told)) {
    throw invalidOption(
      `The \`headers\` for ${url.pathname} have a name or value that is not valid in a header.`,
    )
  }
  return toHeaders(told)
}

/** @throws {LatchkeyError} `ERR_INVALID_OPTION`, naming the option. */
export function checkSend(option: string, send: unknown): void {
  if (send === undefined || send === 'bearer') return
  const [entry] = typeof send === 'object' && send ? Object.entries(send) : []
  const [place = '', name] = entry ?? []
  const isName = typeof name === 'string' && name !== ''
  if (place === 'body' && isName) return
  if (/^(header|cookie)$/.test(place) && isName && canBeHeaders({ [name]: '' })) return
  throw invalidOption(`\`${option}\` must be { body }, { header }, { cookie } or "bearer".`)
}
