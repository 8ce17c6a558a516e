import { registerAuth } from '@latchkey/axios'
import { wrapFetch } from '@latchkey/fetch'
import { authHooks } from '@latchkey/ky'
import { finishSignIn, oauth, startSignIn } from '@latchkey/oauth'
import { webStore } from '@latchkey/stores/web'
import axios from 'axios'
import ky from 'ky'

export type PageClient = 'fetch' | 'axios' | 'ky'

/** What a test asks of the page. */
interface OAuthPage {
  /** Leaves the page for the server's, which leads back to `/callback`. */
  signIn(): Promise<void>
  /** What a page at `/callback` does with its own address. */
  finish(): Promise<string>
  /** The statuses of `count` requests at once, each status once; or the code of the error. */
  ask(client: PageClient, count: number): Promise<(number | string)[]>
}

declare global {
  interface Window {
    app: OAuthPage
  }
}

function openPage(): OAuthPage {
  const issuer = sessionStorage.getItem('issuer') ?? ''
  const manager = oauth({
    origin: issuer,
    issuer,
    clientId: 'person',
    scope: 'openid offline_access',
    store: webStore({ app: 'oauth' }),
  })
  const url = `${issuer}/me`
  const api = axios.create({ validateStatus: null })
  registerAuth(api, manager)
  const send: Record<PageClient, () => Promise<{ status: number }>> = {
    fetch: () => wrapFetch(manager)(url),
    axios: () => api.get(url),
    ky: () => ky.extend({ hooks: authHooks(manager), throwHttpErrors: false })(url),
  }
  const codeOf = (error: unknown) => String((error as { code?: unknown }).code)
  return {
    async signIn() {
      const started = await startSignIn(manager, { redirectUri: `${location.origin}/callback` })
      location.assign(started.url)
    },
    finish: () => finishSignIn(manager, location.href).then(() => 'signed in', codeOf),
    async ask(client, count) {
      const sent = Array.from({ length: count }, send[client])
      const all = await Promise.all(
        sent.map((one) =>
          one.then(
            ({ status }) => status,
            (error: unknown) => codeOf(error),
          ),
        ),
      )
      return [...new Set(all)]
    },
  }
}

window.app = openPage()
