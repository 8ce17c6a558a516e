import {
  createTokenManager,
  type Grant,
  headerScheme,
  memoryStore,
  type TokenManager,
  type TokenManagerOptions,
} from '@latchkey/core'
import { inject } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where a page opens a world and looks into it: e2e/browser-server.ts. */
    controlUrl: string
  }
}

interface WorldState {
  id: string
  /** Two origins, neither of them this page's: `api` knows the token, `other` must not. */
  api: string
  other: string
  renewals: number
  token: string
  seen: {
    at: 'api' | 'other'
    method: string
    path: string
    headers: Record<string, string>
    body: string
  }[]
}

/** This test's own corner of the loopback servers. */
export interface World extends Pick<WorldState, 'api' | 'other'> {
  state(): Promise<WorldState>
  /** From now on renewals wait; `started` resolves when the first one does. */
  holdRenewals(): Promise<{ started: Promise<unknown>; release(): Promise<unknown> }>
  /** A manager whose stored token the server does not accept. */
  staleManager(options?: Partial<TokenManagerOptions>): TokenManager
}

async function ask(path: string): Promise<WorldState> {
  return (await fetch(inject('controlUrl') + path, { method: 'POST' })).json()
}

export async function openWorld(): Promise<World> {
  const { id, api, other } = await ask('/open')
  return {
    api,
    other,
    state: () => ask(`/${id}`),
    async holdRenewals() {
      await ask(`/${id}/hold?path=/renew`)
      const started = ask(`/${id}/waiting?path=/renew`)
      return { started, release: () => ask(`/${id}/release?path=/renew`) }
    },
    staleManager(options = {}) {
      const store = memoryStore()
      void store.setToken({ accessToken: 'stale' }, 'session')
      const scheme = headerScheme('xc-auth')
      const origin = new URL(api).origin
      const grants = [renewal(api)]
      return createTokenManager({ origin, scheme, grants, store, name: 'session', ...options })
    },
  }
}

function renewal(api: string): Grant {
  return {
    name: 'renewal',
    request: async ({ fetch: send, signal }) =>
      (await send(`${api}/renew`, { method: 'POST', signal })).json(),
  }
}

/** The path that redirects to `url`. */
export const redirectTo = (url: string, status = 302): string =>
  `/redirect?status=${status}&to=${encodeURIComponent(url)}`

/** What a form arrived as, without the boundary, which differs from sending to sending. */
export function formOf({ headers, body }: WorldState['seen'][number]): string {
  const boundary = /boundary=(.+)$/.exec(headers['content-type'] ?? '')?.[1]
  return boundary ? body.replaceAll(boundary, 'X') : body
}
