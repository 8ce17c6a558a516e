import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createWorld, type Seen, type ServedWorld, type World } from './world.ts'

/** Two real loopback origins with room for any number of worlds. */
export interface WorldServer {
  readonly origins: { api: string; other: string }
  open(id?: string): World
  find(id: string): World | undefined
  close(): Promise<void>
}

export async function startWorldServer(): Promise<WorldServer> {
  const worlds = new Map<string, ServedWorld>()
  const servers = [serve(worlds, 'api'), serve(worlds, 'other')] as const
  const [api, other] = await Promise.all([listen(servers[0]), listen(servers[1])])
  return {
    origins: { api, other },
    open(id = `w${worlds.size}`) {
      const world = createWorld(id, api, other)
      worlds.set(id, world)
      return world
    },
    find: (id) => worlds.get(id),
    close: async () => void (await Promise.all(servers.map(stop))),
  }
}

/** Any page may ask, with any header, and follow a redirect: the servers protect nobody. */
const cors = (request: IncomingMessage) => ({
  'access-control-allow-origin': '*',
  'access-control-allow-headers': request.headers['access-control-request-headers'] ?? '*',
  'access-control-allow-methods': '*',
  'access-control-expose-headers': '*',
})

function serve(worlds: Map<string, ServedWorld>, at: Seen['at']): Server {
  return createServer((request, response) => {
    void answer(worlds, at, request, response)
  })
}

async function answer(
  worlds: Map<string, ServedWorld>,
  at: Seen['at'],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://server')
  const [, id = '', ...rest] = pathname.split('/')
  const world = worlds.get(id)
  const { method = 'GET', headers } = request
  if (!world || method === 'OPTIONS') {
    response.writeHead(world ? 204 : 404, cors(request)).end()
    return
  }
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const seen = { at, method, path: `/${rest.join('/')}`, headers, body: Buffer.concat(chunks) }
  const reply = await world.reply(seen, searchParams)
  const type = { 'content-type': 'application/json' }
  response.writeHead(reply.status, { ...cors(request), ...type, ...reply.headers })
  response.end(reply.body)
}

export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

export async function stop(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => void server.close(resolve))
}
