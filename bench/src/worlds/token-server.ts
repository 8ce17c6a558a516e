import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import process from 'node:process'
import { setTimeout as wait } from 'node:timers/promises'
import { issueTokens, type Tokens } from './tokens.ts'
import type { Latency } from './world.ts'

/** What the server is like. */
export interface ServerOptions extends Latency {
  /** How long a token lives, in milliseconds. */
  lifeMs: number
}

/** One session's doings, as the server sees them. */
export interface SessionReport {
  /** Renewals that brought a token. */
  renewed: number
  /** Refresh tokens that were presented although they were spent. */
  refused: number
  /** By request: when it arrived first, in epoch milliseconds, and how often it was sent. */
  arrivals: Record<string, { at: number; sends: number }>
}

interface ServerSession extends SessionReport {
  refreshToken: string
  /** Access tokens and when they end. */
  valid: Map<string, number>
}

/**
 * A token server and the API behind it, in a process of its own: `/token?session=` takes single-use
 * refresh tokens, `/items?session=&id=` an access token, `/report?session=` tells what happened.
 */
async function serve({ tripMs, renewMs, lifeMs }: ServerOptions): Promise<void> {
  const sessions = new Map<string, ServerSession>()
  let issued = 0

  function open(name: string, life: number): Tokens {
    const { refreshToken, valid, tokens } = issue(life)
    sessions.set(name, { renewed: 0, refused: 0, arrivals: {}, refreshToken, valid })
    return tokens
  }

  function issue(life: number) {
    issued += 1
    const tokens = issueTokens(issued, life)
    const valid = new Map([[`Bearer ${tokens.accessToken}`, tokens.expiresAt]])
    return { refreshToken: tokens.refreshToken, valid, tokens }
  }

  async function renew(session: ServerSession, presented: string): Promise<Tokens | undefined> {
    const isSpent = presented !== session.refreshToken
    if (isSpent) session.refused += 1
    else session.refreshToken = ''
    await wait(renewMs)
    if (isSpent) return undefined
    const { refreshToken, valid, tokens } = issue(lifeMs)
    session.renewed += 1
    session.refreshToken = refreshToken
    for (const [token, expiresAt] of valid) session.valid.set(token, expiresAt)
    return tokens
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const name = searchParams.get('session') ?? ''
    const session = sessions.get(name)
    if (pathname === '/open') {
      return reply(response, 200, open(name, Number(searchParams.get('life') ?? lifeMs)))
    }
    if (!session) return reply(response, 200, []) // the bare client has none
    if (pathname === '/report') return reply(response, 200, report(session))
    if (pathname === '/token') {
      const tokens = await renew(session, searchParams.get('refresh') ?? '')
      return reply(response, tokens ? 200 : 400, tokens ?? { error: 'invalid_grant' })
    }
    const at = performance.timeOrigin + performance.now()
    const id = searchParams.get('id')
    if (id) (session.arrivals[id] ??= { at, sends: 0 }).sends += 1
    const isGood = (session.valid.get(request.headers.authorization ?? '') ?? 0) > Date.now()
    if (tripMs > 0) await wait(tripMs)
    reply(response, isGood ? 200 : 401, [])
  }

  const server = createServer((request, response) => void answer(request, response))
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  process.send?.(typeof address === 'object' ? address?.port : undefined)
  process.once('disconnect', () => process.exit())
}

function report({ renewed, refused, arrivals }: SessionReport): SessionReport {
  return { renewed, refused, arrivals }
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  const challenge = status === 401 ? { 'www-authenticate': 'Bearer realm="bench"' } : {}
  response.writeHead(status, { 'content-type': 'application/json', ...challenge })
  response.end(JSON.stringify(body))
}

await serve(JSON.parse(process.argv[2] ?? '{}') as ServerOptions)
