import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createHttpHeaders, type HttpClient } from '@azure/core-rest-pipeline'
import type { ServerOptions, SessionReport } from './token-server.ts'
import type { Tokens } from './tokens.ts'
import type { World } from './world.ts'

/** A session at the server, and the world of a client that uses it. */
export interface ServerWorld extends World {
  session: string
}

export interface TokenServer {
  origin: string
  /** Opens a session. `lifeMs`: how long its first token lives; default: as long as all. */
  world(lifeMs?: number): Promise<ServerWorld>
  report(session: string): Promise<SessionReport>
  close(): Promise<void>
}

/** Starts the token server in a process of its own. */
export async function startTokenServer(options: ServerOptions): Promise<TokenServer> {
  const file = fileURLToPath(new URL('token-server.ts', import.meta.url))
  const child = fork(file, [JSON.stringify(options)], { execArgv: [] })
  const [port] = (await once(child, 'message')) as [number]
  const origin = `http://127.0.0.1:${port}`
  let opened = 0
  return {
    origin,
    async world(lifeMs = options.lifeMs) {
      opened += 1
      const session = `s${opened}`
      const tokens = await getJson<Tokens>(`${origin}/open?session=${session}&life=${lifeMs}`)
      return serverWorld(origin, session, tokens)
    },
    report: (session) => getJson<SessionReport>(`${origin}/report?session=${session}`),
    async close() {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}

/** The one that ky's contenders are given another for. */
const platformFetch = globalThis.fetch

/** A client's world on a session that is open. It presents each refresh token once. */
function serverWorld(origin: string, session: string, tokens: Tokens): ServerWorld {
  let { refreshToken } = tokens
  return {
    origin,
    session,
    tokens,
    fetch: platformFetch,
    adapter: undefined,
    httpClient: fetchHttpClient(),
    reads: true,
    async renew() {
      const renewed = await renewAt(origin, session, refreshToken)
      refreshToken = renewed.refreshToken
      return renewed
    },
  }
}

export function renewAt(origin: string, session: string, refreshToken: string): Promise<Tokens> {
  return getJson<Tokens>(`${origin}/token?session=${session}&refresh=${refreshToken}`)
}

/** Azure's policies know https only; this is where their requests meet a server without. */
function fetchHttpClient(): HttpClient {
  return {
    async sendRequest(request) {
      const headers = request.headers.toJSON()
      const response = await fetch(request.url.replace('https:', 'http:'), { headers })
      return {
        request,
        status: response.status,
        headers: createHttpHeaders(Object.fromEntries(response.headers)),
        bodyAsText: await response.text(),
      }
    },
  }
}

async function getJson<Body>(url: string): Promise<Body> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`The token server answered ${response.status}.`)
  return (await response.json()) as Body
}
