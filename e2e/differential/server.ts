import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'

/** What the server saw of one request, but for what differs by nature: the token and the run. */
export interface Exchange {
  host: 'api' | 'other'
  method: string
  url: string
  headers: Record<string, string>
  body: string
}

/** What an answer may be; the last part of a path. */
export const answers = [
  'json',
  'text',
  'latin1',
  'empty',
  'gzip',
  '204',
  '304',
  '404',
  '500',
  'redirect-301',
  'redirect-302',
  'redirect-303',
  'redirect-307',
  'redirect-308',
  'redirect-other-302',
  'redirect-other-307',
  'redirect-utf8',
  'redirect-fragment',
  'redirect-user',
  'redirect-nowhere',
  'redirect-ftp',
  'loop',
  'broken',
] as const

export type Answer = (typeof answers)[number]

/** Two origins on loopback that answer as the path says, and remember what came by the header `x-run`. */
export async function startServers() {
  const log = new Map<string, Exchange[]>()
  const [api, other] = await Promise.all([
    listen((request, response) => void handle('api', request, response)),
    listen((request, response) => void handle('other', request, response)),
  ])

  async function handle(
    host: Exchange['host'],
    request: IncomingMessage,
    response: ServerResponse,
  ) {
    const { 'x-run': run, authorization, ...headers } = request.headers
    const body = await bytesOf(request)
    if (!body) return // the client went away
    if (authorization === 'Bearer dead') {
      response.writeHead(401, { 'content-type': 'application/json' }).end('{"msg":"Invalid token"}')
      return
    }
    const exchange = {
      host,
      method: request.method ?? '',
      url: request.url ?? '',
      headers: Object.fromEntries(
        Object.entries({ ...headers, token: authorization }).map(([name, value]) => [
          name,
          plain(String(value)),
        ]),
      ),
      body: plain(body.toString('latin1')),
    }
    const seen = log.get(String(run)) ?? []
    log.set(String(run), [...seen, exchange])
    answer(
      response,
      (request.url ?? '').replace(/\?.*/, '').split('/').at(-1) as Answer,
      api.url,
      other.url,
    )
  }

  return {
    api: api.url,
    /** Where the manager of the mode "foreign" thinks its API is. */
    foreign: 'http://127.0.0.1:9',
    take(run: string): Exchange[] {
      const seen = log.get(run) ?? []
      log.delete(run)
      return seen
    },
    async close() {
      for (const { server } of [api, other]) {
        server.closeAllConnections()
        await new Promise((resolve) => void server.close(resolve))
      }
    },
  }
}

export type Servers = Awaited<ReturnType<typeof startServers>>

const bytesOf = (request: IncomingMessage) => buffer(request).catch(() => undefined)

async function listen(handler: RequestListener) {
  const server = createServer(handler)
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/** Boundaries are random. */
const plain = (text: string) =>
  text.replaceAll(
    /-{4,}[\w-]{8,}?(?=(--)?(\r\n|$))|axios-([\d.]+-boundary-[\w-]{25}|[\da-f]{36})/g,
    'BOUNDARY',
  )

/** Answers as the path says. */
function answer(response: ServerResponse, kind: Answer, api: string, other: string): void {
  const redirect = (status: number, location: string) =>
    void response.writeHead(status, { location }).end('moved')
  const status = Number(kind.slice(-3))
  if (kind === 'text') response.end('a text: é')
  else if (kind === 'latin1')
    response
      .writeHead(200, { 'content-type': 'text/plain; charset=iso-8859-1', 'x-two': ['a', 'b'] })
      .end(Buffer.from([0xe9]))
  else if (kind === 'empty') response.end()
  else if (kind === 'gzip')
    response
      .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
      .end(gzipSync('{"zipped":true}'))
  else if (kind === '204' || kind === '304') response.writeHead(status).end()
  else if (kind === 'loop') redirect(302, 'loop')
  else if (kind === 'redirect-utf8') redirect(302, Buffer.from('/é/json').toString('latin1'))
  else if (kind === 'redirect-fragment') redirect(302, '/x/json#part')
  else if (kind === 'redirect-user') redirect(302, api.replace('//', '//ada:word@') + '/x/json')
  else if (kind === 'redirect-nowhere') response.writeHead(302).end('nowhere')
  else if (kind === 'redirect-ftp') redirect(302, 'ftp://127.0.0.1/json')
  else if (kind.startsWith('redirect-other')) redirect(status, `${other}/x/json`)
  else if (kind.startsWith('redirect')) redirect(status, '/x/json?moved=1')
  else if (kind === 'broken') {
    response.writeHead(200, { 'content-length': 100 }).write('half')
    setImmediate(() => response.destroy())
  } else
    response.writeHead(status || 200, { 'content-type': 'application/json' }).end('{"ok":true}')
}
