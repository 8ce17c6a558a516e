import type { MaybePromise } from '@latchkey/core'
import { expectKnown, invalidOption, type OptionNames, parseAddress } from '@latchkey/core/service'

/** Names and values. What is `undefined` is not sent. */
type EndpointHeaders = Readonly<Record<string, string | undefined>>

/** Where one of our own requests goes, and how. */
export interface Endpoint {
  /** Below `baseUrl` (`'/auth/login'`, with or without the slash), or an absolute URL of another server. */
  path: string
  /** Default: `'POST'`. With `'GET'` what would be in the body is in the query. */
  method?: string
  /** How the body is written: `'json'` (default), or `'form'` as HTML forms and OAuth do. */
  as?: 'json' | 'form'
  /**
   * Sent along, such as `{ 'x-api-key': '…' }`; or a function that is asked before each request, for a tenant that
   * changes, or a CSRF token in a cookie of the page. `Accept: application/json` goes with each request.
   */
  headers?: EndpointHeaders | (() => MaybePromise<EndpointHeaders>)
  /** Sent along in the body, such as `{ client_id: 'app' }`. */
  fields?: Readonly<Record<string, unknown>>
}

/** What a token endpoint answered, as `rejected` gets to see it. */
export interface TokenAnswer {
  /** The HTTP status. */
  status: number
  /** Its headers. */
  headers: Headers
  /** Parsed when it is JSON, else text. */
  body: unknown
}

/** An endpoint that answers with a token. */
export interface TokenEndpoint extends Endpoint {
  /**
   * Which answers are a definite no: these statuses, or what this function says to any answer, also to a
   * 200. Default: what the API itself says with 400, 401, 403 or 422, or in plain words with another status; not a page
   * of a firewall or a proxy, a gateway's status, a CSRF or validation error, `invalid_client` or the like. Everything
   * else may pass: the session is kept and tried again.
   */
  rejected?: readonly number[] | ((answer: TokenAnswer) => boolean)
}

/** How a refresh token goes to the server. */
export type RefreshTokenPlace =
  | {
      /** The field of the body, dots between the levels: `'variables.refresh_token'`. */
      body: string
    }
  | {
      /** The header's name. */
      header: string
    }
  | {
      /** The cookie's name. In a page the browser sends it, so that nothing is added. */
      cookie: string
    }
  | 'bearer'

/** Where a refresh token buys the next access token, and how it is sent. */
export interface RefreshEndpoint extends TokenEndpoint {
  /**
   * How the refresh token is sent: as a field of the body, in a header, as a cookie, or as
   * `Authorization: Bearer`. Default: as the cookie it came in; else in a field of the body, called as the one that it
   * was found in (`refresh_token`, `refreshToken` or `refresh`).
   */
  send?: RefreshTokenPlace
  /**
   * Which answers say "not now": these statuses, or what this function says to any answer. The user has to do something
   * first, such as accept new terms. The session is kept, and the refresh token is not sent again until `refresh()`, a
   * sign-in, or a change in the store; `ERR_USER_ACTION_REQUIRED` has the answer's `status` and `body`. Default: none.
   */
  deferred?: readonly number[] | ((answer: TokenAnswer) => boolean)
}

/** Where the server is told of a sign-out. */
export interface SignOutEndpoint extends Endpoint {
  /** How the refresh token is sent, where the server wants it. The access token goes as it always does. */
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

/** An endpoint whose URL is settled. */
export type Settled<E extends Endpoint> = E & { url: URL }

/** Where the API lives; the path ends with a slash. */
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
  if (!/^(GET|POST|PUT|PATCH|DELETE)$/.test(method)) {
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
    throw invalidOption(`\`${option}.headers\` holds what no header can carry.`)
  const isStatic = headers !== undefined && typeof headers !== 'function'
  const sent = isStatic && { headers: Object.fromEntries(toHeaders(headers)) }
  return Object.assign(endpoint, { url }, sent)
}

/** @throws {LatchkeyError} `ERR_INVALID_OPTION`, naming the option. */
function checkAnswers(option: string, given: unknown): void {
  const isList = Array.isArray(given) && given.every((status) => typeof status === 'number')
  if (given !== undefined && typeof given !== 'function' && !isList)
    throw invalidOption(`\`${option}\` must be a list of statuses, or a function.`)
}

/** fetch would print the value that it cannot send. */
function canBeHeaders(headers: EndpointHeaders = {}): boolean {
  try {
    return Boolean(toHeaders(headers))
  } catch {
    return false
  }
}

/** Also of what has pairs, such as a Headers or a Map. */
function toHeaders(given: EndpointHeaders): Headers {
  if (Symbol.iterator in given) return new Headers([...(given as Iterable<[string, string]>)])
  const headers = new Headers()
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) headers.set(name, value)
  }
  return headers
}

/** What goes along with a request to `endpoint` now. @throws {LatchkeyError} `ERR_INVALID_OPTION`, showing no value. */
export async function headersOf({ headers: given = {}, url }: Settled<Endpoint>): Promise<Headers> {
  const told = typeof given === 'function' ? await given() : given
  if (!canBeHeaders(told)) {
    throw invalidOption(`The \`headers\` for ${url.pathname} hold what no header can carry.`)
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
