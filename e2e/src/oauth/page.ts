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
  /** What becomes of a script that wants to take the key away: how many keys there are, and how each attempt ended. */
  stealKeys(): Promise<string[]>
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
    dpop: sessionStorage.getItem('isBound') === 'true' ? true : undefined,
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
    async stealKeys() {
      const keys = await allOf<CryptoKeyPair>('latchkey', 'dpop-keys')
      const steal = ({ privateKey }: CryptoKeyPair) => crypto.subtle.exportKey('jwk', privateKey)
      return Promise.all(
        keys.map((key) =>
          steal(key).then(
            () => 'taken',
            (error: Error) => error.name,
          ),
        ),
      )
    },
  }
}

function allOf<T>(database: string, store: string): Promise<T[]> {
  return new Promise((resolve) => {
    const opening = indexedDB.open(database)
    opening.addEventListener('success', () => {
      const reading = opening.result.transaction(store).objectStore(store).getAll()
      reading.addEventListener('success', () => resolve(reading.result as T[]))
    })
  })
}

window.app = openPage()
