import { setMaxListeners } from 'node:events'
import SuperTokens from 'supertokens-website'
import type { Tokens } from '../worlds/tokens.ts'
import type { World } from '../worlds/world.ts'
import { type Contender, PATH, statusOf } from './client.ts'

/**
 * It knows one session per page and puts its own `fetch` into the page's `window`. So it gets a window
 * of its own, with what it asks of one: cookies, storage, a location, and events for its lock.
 */
export const supertokens: Contender = {
  name: 'supertokens-website',
  connect(world) {
    const page = { fetch: sessionFetch(world) }
    openPage(world.origin, page)
    return async (path = PATH) =>
      statusOf(await page.fetch(world.origin + path, undefined), world.reads)
  },
}

/** Answers its refresh call as its back end does, in headers; everything else goes to the server. */
function sessionFetch(world: World): typeof fetch {
  return async (input, init) => {
    const url = input instanceof Request ? input.url : `${input}`
    if (!url.endsWith('/session/refresh')) return world.fetch(input, init)
    return new Response('{}', { headers: sessionHeaders(await world.renew()) })
  }
}

function sessionHeaders({ accessToken, refreshToken, expiresAt }: Tokens): HeadersInit {
  const about = JSON.stringify({ uid: 'ada', ate: expiresAt, up: {} })
  return {
    'st-access-token': accessToken,
    'st-refresh-token': refreshToken,
    'front-token': Buffer.from(about).toString('base64'),
  }
}

function openPage(origin: string, page: { fetch: typeof fetch }): void {
  const cookies = new Map<string, string>()
  const storage = new Map<string, string>()
  const { hostname, host } = new URL(origin)
  // Its lock between tabs listens on the global window, and on nothing else.
  const events = new EventTarget()
  setMaxListeners(0, events)
  Object.assign(globalThis, { window: events })
  const keySync = (at: number) => [...storage.keys()][at] ?? null
  const localStorage = {
    keySync,
    key: async (at: number) => keySync(at),
    getItemSync: (key: string) => storage.get(key) ?? null,
    getItem: async (key: string) => storage.get(key) ?? null,
    setItemSync: (key: string, value: string) => void storage.set(key, value),
    setItem: async (key: string, value: string) => void storage.set(key, value),
    removeItemSync: (key: string) => void storage.delete(key),
    removeItem: async (key: string) => void storage.delete(key),
    clearSync: () => storage.clear(),
    clear: async () => storage.clear(),
  }
  SuperTokens.init({
    apiDomain: origin,
    tokenTransferMethod: 'header',
    cookieHandler: () => ({
      getCookie: async () => Array.from(cookies, ([name, value]) => `${name}=${value}`).join('; '),
      setCookie: async (text) => {
        const [pair = ''] = text.split(';')
        const at = pair.indexOf('=')
        cookies.set(pair.slice(0, at), pair.slice(at + 1))
      },
    }),
    windowHandler: (original) => ({
      ...original,
      getWindowUnsafe: () => page as typeof window,
      localStorage,
      sessionStorage: localStorage,
      location: {
        ...original.location,
        getOrigin: () => origin,
        getHostName: () => hostname,
        getHost: () => host,
        getHref: () => `${origin}/`,
      },
    }),
    override: {
      functions: (original) => ({ ...original, addXMLHttpRequestInterceptor: () => undefined }),
    },
  })
}
