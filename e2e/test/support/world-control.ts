import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Hold } from './hold.ts'
import type { World } from './world.ts'
import { listen, stop, type WorldServer } from './world-server.ts'

/** Lets a page, which is in another process, open a world and look into it. */
export interface WorldControl {
  readonly url: string
  close(): Promise<void>
}

/**
 * `POST /open` opens a world; `GET /<id>` tells what happened there; `POST /<id>/hold`, `GET
 * /<id>/waiting` and `POST /<id>/release` (`?path=`) are its holds.
 */
export async function startControl(worlds: WorldServer): Promise<WorldControl> {
  const holds = new Map<string, Hold>()
  const server = createServer((request, response) => void reply(request, response))
  const url = await listen(server)
  return { url, close: () => stop(server) }

  async function reply(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', url)
    const [, id = '', action = ''] = pathname.split('/')
    const world = id === 'open' ? worlds.open() : worlds.find(id)
    const answer = world && (await act(world, action, searchParams.get('path') ?? ''))
    response.writeHead(world ? 200 : 404, { 'access-control-allow-origin': '*' })
    response.end(JSON.stringify(answer ?? {}))
  }

  async function act(world: World, action: string, path: string): Promise<object> {
    const key = world.id + path
    if (action === 'hold') holds.set(key, world.hold(path))
    if (action === 'waiting') await holds.get(key)?.whenWaiting()
    if (action === 'release') holds.get(key)?.release()
    return describe(world)
  }
}

function describe({ id, api, other, seen, renewals, token }: World): object {
  const readable = seen.map((request) => ({ ...request, body: request.body.toString('latin1') }))
  return { id, api, other, renewals, token, seen: readable }
}
