import { registerAuth } from '@latchkey/axios'
import { wrapFetch } from '@latchkey/fetch'
import { jwtSession } from '@latchkey/jwt'
import { plumber } from '@latchkey/jwt/back-ends'
import { authHooks } from '@latchkey/ky'
import { webStore } from '@latchkey/stores/web'
import axios from 'axios'
import ky from 'ky'

export type PageClient = 'fetch' | 'axios' | 'ky'

/** What a test asks of the page. */
interface PlumberPage {
  signIn(password: string): Promise<void>
  signOut(): Promise<void>
  isSignedIn(): Promise<boolean>
  /** The status of one request, or the code of the error in its place. */
  ask(client: PageClient, path: string): Promise<number | string>
  /** All that a script of the page can get hold of. */
  everythingReadable(): Promise<string>
}

declare global {
  interface Window {
    plumber: PlumberPage
  }
}

/** An app of plumber's with the token in an HttpOnly cookie, as its user would write it. */
function openPage(): PlumberPage {
  const baseUrl = new URL(location.href).searchParams.get('api') ?? location.origin
  let remembered: { user: string; password: string } | undefined
  const session = jwtSession({
    baseUrl,
    signIn: '/login/cookie',
    signOut: '/logout/cookie',
    token: { cookie: 'token' },
    credentials: () => remembered,
    store: webStore({ app: 'plumber' }),
    isTokenRejected: plumber,
  })
  const api = wrapFetch(session, {
    fetch: (input, init) => fetch(input, { ...init, credentials: 'include' }),
  })
  const axiosApi = axios.create({ baseURL: baseUrl, withCredentials: true, validateStatus: null })
  registerAuth(axiosApi, session)
  const hooks = authHooks(session)
  const kyApi = ky.extend({
    baseUrl,
    credentials: 'include',
    throwHttpErrors: false,
    retry: 0,
    hooks,
  })
  const senders: Record<PageClient, (path: string) => Promise<{ status: number }>> = {
    fetch: (path) => api(baseUrl + path),
    axios: (path) => axiosApi.get(path),
    ky: (path) => kyApi.get(path),
  }
  return {
    async signIn(password) {
      remembered = { user: 'ada', password }
      await session.signIn()
    },
    async signOut() {
      await session.signOut()
    },
    isSignedIn: () => session.isSignedIn(),
    ask: async (client, path) => {
      try {
        return (await senders[client](path)).status
      } catch (error) {
        return (error as { code?: string }).code ?? String(error)
      }
    },
    everythingReadable: async () =>
      JSON.stringify([
        document.cookie,
        Object.entries(localStorage),
        Object.entries(sessionStorage),
        await session.getTokens(),
      ]),
  }
}

window.plumber = openPage()
