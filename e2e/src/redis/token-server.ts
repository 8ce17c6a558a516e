import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

/** One try to renew: which refresh token, by whom, and how it ended. */
interface Presentation {
  refreshToken: string
  pid: number
  /** `unanswered`: the worker was gone before it could be answered. */
  outcome: 'waiting' | 'renewed' | 'rejected' | 'unanswered'
}

interface TokenServerOptions {
  accessLifeMs: number
  /**
   * When a refresh token is spent. `'answered'`: when its answer has gone out, so that one whose
   * presenter died may be presented again (servers with a reuse interval come to the same).
   * `'presented'`: at once, so that it dies with its presenter.
   */
  spent: 'answered' | 'presented'
}

/** A server with one user, whose refresh tokens are single-use and whose access tokens live briefly. */
export interface TokenServer {
  readonly url: string
  readonly presentations: readonly Presentation[]
  signIns(): number
  /** The session as it is, for a sign-in. */
  issue(): Answer
  /** Lets the next renewal wait for its answer until `release()`. Resolves when one does. */
  holdNext(): Promise<Held>
  close(): Promise<void>
}

interface Answer {
  accessToken: string
  refreshToken: string
  expiresInMs: number
}

interface Held {
  presentation: Presentation
  release(): void
}

interface World extends TokenServerOptions {
  generation: number
  /** When the access token of each generation ends. */
  ends: Map<number, number>
  presentations: Presentation[]
  hold?: ((held: Held) => void) | undefined
}

/** How much longer a token is accepted than announced, as servers do for clocks and networks that are a little late. */
const LEEWAY_MS = 500

export async function startTokenServer(options: TokenServerOptions): Promise<TokenServer> {
  const world: World = {
    ...options,
    generation: 0,
    ends: new Map(),
    presentations: [],
  }
  let signIns = 0
  const server = createServer((request, response) => {
    if (request.url === '/renew') return void renew(world, request, response)
    if (request.url !== '/sign-in') return answer(response, statusOf(world, request))
    signIns += 1
    return answer(response, 200, issue(world))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    presentations: world.presentations,
    signIns: () => signIns,
    issue: () => issue(world),
    holdNext: () => new Promise((resolve) => (world.hold = resolve)),
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

const refreshTokenOf = ({ generation }: World) => `CANARY-7f3a-refresh-${generation}`

function issue(world: World): Answer {
  const { accessLifeMs, ends } = world
  world.generation += 1
  const accessToken = `CANARY-7f3a-access-${world.generation}`
  ends.set(world.generation, Date.now() + accessLifeMs + LEEWAY_MS)
  return { accessToken, refreshToken: refreshTokenOf(world), expiresInMs: accessLifeMs }
}

function statusOf({ ends }: World, { headers }: IncomingMessage): number {
  const generation = Number(headers.authorization?.split('-').at(-1))
  return Date.now() < (ends.get(generation) ?? 0) ? 200 : 401
}

async function renew(world: World, request: IncomingMessage, response: ServerResponse) {
  const refreshToken = await text(request)
  const pid = Number(request.headers['x-pid'])
  const presentation: Presentation = { refreshToken, pid, outcome: 'waiting' }
  world.presentations.push(presentation)
  if (refreshToken !== refreshTokenOf(world)) {
    presentation.outcome = 'rejected'
    return answer(response, 400)
  }
  const spent = world.spent === 'presented' ? issue(world) : undefined
  const { hold } = world
  if (hold) {
    world.hold = undefined
    const { promise, resolve: release } = Promise.withResolvers<void>()
    const gone = once(response, 'close')
    hold({ presentation, release })
    await Promise.race([promise, gone])
  }
  if (response.socket === null || response.socket.destroyed) {
    presentation.outcome = 'unanswered'
    return
  }
  presentation.outcome = 'renewed'
  answer(response, 200, spent ?? issue(world))
}

function answer(response: ServerResponse, status: number, body: object = {}): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
