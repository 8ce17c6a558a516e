import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  createTokenManager,
  headerScheme,
  memoryStore,
  type TokenManager,
  type TokenManagerOptions,
} from '@latchkey/core'

interface Seen {
  method: string
  url: string
  headers: IncomingHttpHeaders
  body: string
}

/** A real server that issues tokens at `POST /renew` and accepts the one issued last, as `xc-auth`. */
export interface Api {
  readonly url: string
  /** Everything but renewals. */
  readonly seen: Seen[]
  readonly renewals: number
  readonly token: string
  /** Statuses that the next requests get, before any is judged by its token. */
  script(...statuses: number[]): void
  /** From now on renewals wait. `started` resolves when the first one does. */
  holdRenewals(): { started: Promise<void>; release(): void }
  /** A manager whose stored token the server does not accept. */
  staleManager(options?: Partial<TokenManagerOptions>): TokenManager
  close(): Promise<void>
}

export async function startApi(): Promise<Api> {
  const seen: Seen[] = []
  const scripted: number[] = []
  const state = {
    renewals: 0,
    token: 'CANARY-unissued',
    started: () => {},
    gate: Promise.resolve(),
  }
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request
    let body = ''
    for await (const chunk of request) body += chunk
    if (url === '/renew') {
      state.started()
      await state.gate
      state.token = `CANARY-${(state.renewals += 1)}`
      response.end(JSON.stringify({ accessToken: state.token }))
      return
    }
    seen.push({ method, url, headers, body })
    const isDenied = headers['xc-auth'] !== state.token || url.startsWith('/denied')
    const status = scripted.shift() ?? (isDenied ? 401 : 200)
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(status === 401 ? { msg: 'Invalid token' } : { ok: true }))
  }
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    seen,
    get renewals() {
      return state.renewals
    },
    get token() {
      return state.token
    },
    script: (...statuses) => void scripted.push(...statuses),
    holdRenewals() {
      let release = () => {}
      state.gate = new Promise((resolve) => {
        release = resolve
      })
      const started = new Promise<void>((resolve) => {
        state.started = resolve
      })
      return { started, release }
    },
    staleManager(options = {}) {
      const store = memoryStore()
      void store.setToken({ accessToken: 'CANARY-stale' }, 'session')
      const scheme = headerScheme('xc-auth')
      const grants = [renewal(url)]
      return createTokenManager({ origin: url, scheme, grants, store, name: 'session', ...options })
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => void server.close(resolve))
    },
  }
}

function renewal(url: string): TokenManagerOptions['grants'][number] {
  return {
    name: 'renewal',
    request: async ({ fetch, signal }) =>
      (await fetch(`${url}/renew`, { method: 'POST', signal })).json(),
  }
}
