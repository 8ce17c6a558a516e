import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { cookieStore } from '@latchkey/stores/cookie'
import { createAuthority } from './authority.ts'

type Authority = ReturnType<typeof createAuthority>

export interface TabsServer {
  url: string
  authority: Authority
  close(): Promise<void>
}

/**
 * One page and its API on one origin, as behind a reverse proxy. With `?sandboxed` the page has no
 * origin, and so no storage, no cookies, no locks, and needs CORS.
 */
export async function serveTabs(script: string): Promise<TabsServer> {
  const authority = createAuthority()
  const http = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://page')
    response.setHeader('access-control-allow-origin', '*')
    response.setHeader('access-control-allow-headers', 'authorization')
    if (request.method === 'OPTIONS') response.writeHead(204).end()
    else
      void answer(authority, request, response, url).then(
        (isDone) => isDone || page(url, response, script),
      )
  })
  await new Promise<void>((resolve) => void http.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    authority,
    async close() {
      http.closeAllConnections()
      await new Promise((resolve) => void http.close(resolve))
    },
  }
}

/** The API. False: not its matter. */
async function answer(
  authority: Authority,
  request: IncomingMessage,
  response: ServerResponse,
  { pathname, searchParams }: URL,
): Promise<boolean> {
  const send = (status: number, body: unknown) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    return true
  }
  const user = searchParams.get('user') ?? 'ada'
  if (pathname === '/sign-in') return send(200, authority.issue(user))
  if (pathname === '/sign-in-by-server') {
    const store = cookieStore({ req: request, res: response }, { app: 'tabs' })
    await store.setToken(authority.issue(user), `http://${request.headers.host}`)
    return send(200, {})
  }
  if (pathname === '/renew') {
    const family = await authority.renew(await text(request), response)
    return family ? send(200, family) : send(400, { error: 'invalid_grant' })
  }
  if (pathname !== '/items') return false
  const token = request.headers.authorization?.replace('Bearer ', '') ?? ''
  const owner = authority.userOf(token)
  return owner === undefined ? send(401, {}) : send(200, { user: owner })
}

function page({ pathname, searchParams }: URL, response: ServerResponse, script: string): void {
  const isScript = pathname === '/page.js'
  if (searchParams.has('sandboxed')) {
    response.setHeader('content-security-policy', 'sandbox allow-scripts')
  }
  response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
  const html = '<!doctype html><title>tab</title><script src="/page.js"></script>'
  response.end(isScript ? script : html)
}
