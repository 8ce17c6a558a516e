import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Answer, Seen } from '../contract/scene.ts'
import { give } from './answering.ts'
import { readBody, serveLoopback } from './loopback.ts'
import { createWorld, type TokenReading, type World } from './world.ts'

/** What the cases of `adapterContract()` run against. */
export interface ContractServers {
  /** Where a case, in this process or in a page, opens its corner of the servers. */
  readonly url: string
  /** Ends open connections and stops. */
  close(): Promise<void>
}

/**
 * Starts real HTTP servers on the loopback interface: two origins, of which one knows the token, and
 * one that lets a case look into them. Any page may talk to them, so start them in tests only.
 *
 * @param reading For a subject with a `scheme` of its own.
 *
 * @example
 * const servers = await startContractServers()
 * for (const { name, run } of adapterContract()) test(name, () => run(subject, servers))
 */
export async function startContractServers(reading: TokenReading = {}): Promise<ContractServers> {
  const worlds = new Map<string, World>()
  const [api, other] = await Promise.all([
    serveLoopback((request, response) => void answer(worlds, 'api', request, response)),
    serveLoopback((request, response) => void answer(worlds, 'other', request, response)),
  ])
  const open = () => {
    const origins = { api: api.origin, other: other.origin }
    const world = createWorld(`w${worlds.size}`, origins, reading)
    worlds.set(world.id, world)
    return world
  }
  const control = await serveLoopback((request, response) => {
    void obey({ worlds, open }, request, response)
  })
  return {
    url: control.origin,
    close: async () => void (await Promise.all([api, other, control].map((one) => one.close()))),
  }
}

/** Lets any page send any header and follow a redirect, because these servers have nothing to protect. */
const cors = (request: IncomingMessage) => ({
  'access-control-allow-origin': '*',
  'access-control-allow-headers': request.headers['access-control-request-headers'] ?? '*',
  'access-control-allow-methods': '*',
  'access-control-expose-headers': '*',
})

async function answer(
  worlds: Map<string, World>,
  at: Seen['at'],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://server')
  const [, id = '', ...rest] = pathname.split('/')
  const world = worlds.get(id)
  const { method = 'GET' } = request
  if (!world || method === 'OPTIONS') {
    response.writeHead(world ? 204 : 404, cors(request)).end()
    return
  }
  world.track(1)
  response.once('close', () => world.track(-1))
  try {
    const body = (await readBody(request)).toString('latin1')
    const headers = request.headers as Seen['headers']
    const path = `/${rest.join('/')}`
    const reply = await world.reply({ at, method, path, headers, body }, searchParams)
    give(response, reply, cors(request))
  } catch {
    response.destroy() // the client went away in the middle of its request
  }
}

/**
 * `POST /open` opens a world. `POST /<id>` tells what happened there; after `/<id>` come `renewal` (the
 * answer in the body), `script` (the answers), `hold`, `waiting` (`?count=`) and `release`, `?path=`;
 * and `token`, which makes one of the word in `?path=`.
 */
async function obey(
  { worlds, open }: { worlds: Map<string, World>; open: () => World },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://control')
  const [, id = '', action = ''] = pathname.split('/')
  const body = (await readBody(request)).toString()
  const world = id === 'open' ? open() : worlds.get(id)
  if (world) await act(world, action, searchParams, body === '' ? undefined : JSON.parse(body))
  const made = action === 'token' && { made: world?.makeToken(searchParams.get('path') ?? '') }
  response.writeHead(world ? 200 : 404, { 'access-control-allow-origin': '*' })
  response.end(JSON.stringify({ ...world?.state(), ...made }))
}

async function act(
  world: World,
  action: string,
  query: URLSearchParams,
  body: unknown,
): Promise<void> {
  const path = query.get('path') ?? ''
  if (action === 'renewal') world.answerRenewals(body as Answer | undefined)
  if (action === 'script') world.script(path, body as Answer[])
  if (action === 'hold') world.hold(path)
  if (action === 'waiting') await world.gate(path)?.whenWaiting(Number(query.get('count') ?? 1))
  if (action === 'release') world.gate(path)?.release()
}
