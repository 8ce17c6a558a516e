import { randomUUID } from 'node:crypto'
import { memoryStore, type TokenStore } from '@latchkey/core'
import { type Credentials, type NocoDB, type NocoDBOptions, nocodb } from '@latchkey/nocodb'
import { cookieStore } from '@latchkey/stores/cookie'
import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'

/** Where visitors' sessions are kept. A manager serves one request: a shared one would mix visitors up. */
export interface Sessions {
  /** The session of the visitor who sent this request, if there is one. */
  open(context: Context): NocoDB
  signIn(context: Context, credentials: Credentials): Promise<unknown>
}

/** In the visitor's browser, so that the server has nothing to keep. */
export function cookieSessions(options: NocoDBOptions): Sessions {
  const open = ({ req, res }: Context) =>
    nocodb({ ...options, store: cookieStore({ request: req.raw, headers: res.headers }) })
  return { open, signIn: (context, credentials) => open(context).signIn(credentials) }
}

/**
 * On the server, with only an id in the cookie: one renewal serves all pages that a visitor opens at once.
 *
 * @param store Memory forgets at a restart, and does not reach a second server: `redisStore(client)` does.
 */
export function storedSessions(
  options: NocoDBOptions,
  store: TokenStore = memoryStore(),
): Sessions {
  const { subscribe: _, ...quiet } = store // a page is finished before it could learn of a change
  const of = (id: string) => nocodb({ ...options, store: quiet, name: id })
  return {
    open: (context) => of(getCookie(context, 'session', 'host') ?? randomUUID()),
    async signIn(context, credentials) {
      const id = randomUUID() // a new one each time, so that an attacker cannot choose it
      await of(id).signIn(credentials)
      setCookie(context, 'session', id, { prefix: 'host', httpOnly: true, sameSite: 'Lax' })
    },
  }
}
