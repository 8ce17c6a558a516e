/**
 * Sessions in cookies, for pages that are rendered on a server.
 *
 * @module
 */

import type { TokenSet, TokenStore } from '@latchkey/core'
import { stringifySetCookie } from 'cookie'
import { checkApp } from './app-name.ts'
import { cookieNames } from './cookie/cookie-name.ts'
import { documentJar } from './cookie/document-jar.ts'
import type { Jar } from './cookie/jar.ts'
import { cookiesOf, cutPieces, joinPieces, MOST_PIECES, wholeName } from './cookie/pieces.ts'
import { type FetchExchange, fetchJar, type NodeExchange, nodeJar } from './cookie/server-jar.ts'
import { decodeEntry, encodeEntry, refuseNewer } from './entry.ts'
import { expectKnown, type OptionNames } from './option-names.ts'
import { StoreError } from './store-error.ts'
import { lockManager, tabLock } from './web/tab-lock.ts'

export type { FetchExchange, NodeExchange } from './cookie/server-jar.ts'

/**
 * The place of the cookies: request and response on a server, from Node (Express) or the Fetch API (Hono, Remix,
 * workers), or the `document` of a page.
 */
export type CookiePlace =
  | NodeExchange
  | FetchExchange
  | {
      /** The page's own. */
      document: {
        /** As in the DOM. */
        cookie: string
      }
    }

/** Name, protection and lifetime of the cookie. */
export interface CookieStoreOptions {
  /**
   * Separates apps on one host, whatever their port: 1 to 64 letters, digits, `_` or `-`. Default:
   * `'app'`.
   */
  app?: string
  /**
   * `false` drops `Secure` and the `__Host-` prefix, for development on plain http where the browser
   * needs it (Chromium and Firefox accept Secure cookies from `http://localhost`; Safari does not). Anyone on the
   * network path can then read the session, and a sub-domain can replace it. Default: true.
   */
  secure?: boolean
  /**
   * How long the browser keeps a session whose end is unknown, in milliseconds, more than 0. Default: until the
   * browser is closed.
   */
  maxAgeMs?: number
}

const KNOWN: OptionNames<CookieStoreOptions> = { app: true, secure: true, maxAgeMs: true }

/** The cookie size that every browser accepts, with name and attributes, in bytes. */
const LIMIT_BYTES = 4_096

/** Browsers keep no cookie longer. */
const LONGEST_LIFE_MS = 400 * 24 * 3_600_000

/**
 * Keeps a session in a cookie of the user's browser, for apps that are rendered on a server: **one store
 * and one manager for each request.** A store that is reused for another request could use one user's token for
 * another user.
 *
 * On a server the cookie is `__Host-…; HttpOnly; Secure; SameSite=Lax; Path=/`: no script reads it, no other
 * host sets it. A page's own, by `{ document }`, is `__Host-…; Secure; SameSite=Strict; Path=/`, and never
 * HttpOnly, so every script of the page can read it, as with localStorage. Neither can replace the other.
 *
 * The cookie expires at `refreshExpiresAt`, or without a refresh token at `expiresAt`. It is neither encrypted nor
 * signed, so the browser's owner can read it and replace it with another session. Do not trust its content without
 * asking the API.
 *
 * A stored session can be read again within the same request. Two requests of one browser that renew at the same
 * time do not see each other, because a server cannot lock a cookie. If refresh tokens are single-use, keep the
 * session in a `redisStore` behind your own session id. Tabs that share a document's cookies do have a lock, as in
 * `webStore`, but do not see each other's changes at once.
 *
 * On a server a token is used until it expires, and the request then waits for the renewal (`renewAheadMs: 0`,
 * unless the manager sets it). A renewal in the background may end after the response, too late for its cookie, so
 * that a single-use refresh token would be lost.
 *
 * A session of more than 4,096 bytes is split into up to three cookies, `….0`, `….1` and `….2`, which are read,
 * replaced and removed together.
 *
 * Its methods throw `ERR_STORE_DENIED` once the response has been sent, or if the browser does not accept the
 * cookie, and `ERR_STORE_TOO_LARGE` for a session that three cookies cannot hold. In Node no refresh token is used
 * any more by then. Fetch API headers do not show that their response has been sent: a session stored after that is
 * lost.
 *
 * @throws {StoreError} `ERR_INVALID_OPTION`.
 *
 * @example
 * app.use((req, res, next) => {
 *   res.locals.noco = nocodb({ baseUrl, store: cookieStore({ req, res }) })
 *   next()
 * })
 */
export function cookieStore(place: CookiePlace, options: CookieStoreOptions = {}): TokenStore {
  expectKnown(options, KNOWN)
  const { app = 'app', secure = true, maxAgeMs } = options
  const jar = openJar(place)
  if (maxAgeMs !== undefined && !(Number.isFinite(maxAgeMs) && maxAgeMs > 0)) {
    throw invalid('`maxAgeMs` must be a finite number of milliseconds > 0.')
  }
  const names = cookieNames(checkApp(app), secure)
  const lineOf = (name: string, value: string | undefined, maxAge: number | undefined) => {
    const cookie = { ...jar.attributes, name, value, path: '/', secure }
    return stringifySetCookie({ ...cookie, ...(maxAge !== undefined && { maxAge }) })
  }
  const remove = (name: string) => jar.write({ name, value: undefined, line: lineOf(name, '', 0) })
  const read = (name: string) => joinPieces(names.of(name), jar.read())
  const locks = 'document' in place ? lockManager() : undefined // a server cannot lock a cookie
  return {
    getToken(name) {
      const text = read(name)
      return text === undefined ? undefined : decodeEntry(text).tokens
    },
    setToken(tokens, name) {
      const cookie = names.of(name)
      const before = jar.read()
      refuseNewer(readable(() => joinPieces(cookie, before)))
      // Cookies have little room, and the ID token is only needed for a sign-out at the server.
      const { idToken: _, ...kept } = tokens
      const maxAge = maxAgeOf(tokens, maxAgeMs)
      const values = valuesOf(cookie, encodeEntry(kept), (of, value) => lineOf(of, value, maxAge))
      for (const [of, value] of values) {
        jar.write({ name: of, value, line: lineOf(of, value, maxAge) })
      }
      for (const of of cookiesOf(cookie, before)) if (!values.has(of)) remove(of)
    },
    removeToken(name) {
      const cookie = names.of(name)
      for (const of of new Set([cookie, ...cookiesOf(cookie, jar.read())])) remove(of)
    },
    names() {
      const cookies = Object.entries(jar.read()).filter(([, value]) => value !== undefined)
      return names.among([...new Set(cookies.map(([name]) => wholeName(name)))])
    },
    ...('document' in place ? {} : { renewAheadMs: 0 }),
    ...('res' in place && { canWrite: () => place.res.headersSent !== true }),
    ...(locks && { lock: tabLock(locks, names.of) }),
  }
}

function openJar(place: CookiePlace): Jar {
  if (typeof place === 'object' && place !== null) {
    if ('document' in place) return documentJar(place.document)
    if ('headers' in place) return fetchJar(place)
    if ('res' in place) return nodeJar(place)
  }
  throw invalid('A cookie store needs `{ req, res }`, `{ request, headers }` or `{ document }`.')
}

/** In whole seconds, as cookies have it; undefined: until the browser is closed. */
function maxAgeOf(tokens: TokenSet, maxAgeMs: number | undefined): number | undefined {
  const { refreshToken, refreshExpiresAt, expiresAt } = tokens
  const endsAt = refreshExpiresAt ?? (refreshToken === undefined ? expiresAt : undefined)
  const lifeMs = endsAt === undefined ? maxAgeMs : endsAt - Date.now()
  // An expiry in the past hints at a wrong clock, and a cookie that has already expired is useless.
  if (!(lifeMs !== undefined && lifeMs >= 1_000)) return undefined
  return Math.floor(Math.min(lifeMs, LONGEST_LIFE_MS) / 1_000)
}

/** What is garbage may be replaced. */
function readable(read: () => string | undefined): string | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** The values of the cookies that hold `text`: of one, or of several where it is too long for one. */
function valuesOf(
  cookie: string,
  text: string,
  lineOf: (cookie: string, value: string) => string,
): Map<string, string> {
  const whole = lineOf(cookie, text).length
  if (whole <= LIMIT_BYTES) return new Map([[cookie, text]])
  const pieces = cutPieces(cookie, text, LIMIT_BYTES - lineOf(`${cookie}.0`, '').length)
  if (pieces.size <= MOST_PIECES) return pieces
  throw new StoreError(
    'ERR_STORE_TOO_LARGE',
    `The session would take ${whole} bytes of cookies. A cookie holds ${LIMIT_BYTES} bytes, and a session may use ${MOST_PIECES} cookies, because servers limit the size of headers. Keep such a session on the server (redisStore), behind your own session ID.`,
  )
}

const invalid = (message: string) => new StoreError('ERR_INVALID_OPTION', message)
