import { registerAuth } from '@latchkey/axios'
import { createTokenManager, headerScheme } from '@latchkey/core'
import { wrapFetch } from '@latchkey/fetch'
import { asyncStorageStore, type ItemStorage } from '@latchkey/stores/async-storage'
import axios from 'axios'

/** What an app's own code can do, in words that cross from one world to another. */
export interface NativeApp {
  signIn(accessToken: string): Promise<unknown>
  signOut(): Promise<unknown>
  /** The statuses of the same request, by each client. A thrown error's code, when there is one. */
  ask(path: string): Promise<Record<'fetch' | 'axios', unknown>>
}

/** Starts the app, as the phone does: what it knows of before is in the storage alone. */
export function startApp(api: string, storage: ItemStorage): NativeApp {
  const manager = createTokenManager({
    origin: new URL(api).origin,
    scheme: headerScheme('xc-auth'),
    store: asyncStorageStore(storage),
    name: 'session',
    isTokenRejected: async (response) =>
      response.status === 401 || (await response.text()).includes('token expired'),
    grants: [
      {
        name: 'refresh token',
        async request({ tokens, fetch: send, signal }) {
          if (!tokens) return undefined
          const response = await send(`${api}/renew`, { method: 'POST', signal })
          return (await response.json()) as { accessToken: string }
        },
      },
    ],
  })
  const client = axios.create({ baseURL: api, validateStatus: () => true })
  registerAuth(client, manager)
  const fetchApi = wrapFetch(manager)
  const status = (asked: Promise<{ status: number }>) =>
    asked.then(
      (answer) => answer.status,
      (error: unknown) => (error as { code?: string }).code ?? String(error),
    )
  return {
    signIn: (accessToken) => manager.setTokens({ accessToken }),
    signOut: () => manager.signOut(),
    async ask(path) {
      const asked = [status(fetchApi(api + path)), status(client.get(path))] as const
      const [byFetch, byAxios] = await Promise.all(asked)
      return { fetch: byFetch, axios: byAxios }
    },
  }
}

Object.assign(globalThis, { startApp })
