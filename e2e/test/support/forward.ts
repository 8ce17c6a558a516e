import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** A reverse proxy to `target`, which adds `extra` headers to each answer. */
export function forwardTo(target: string, extra: Record<string, string> = {}): Handler {
  return (incoming, outgoing) => {
    const { method, url = '/', headers } = incoming
    const forwarded = send(target + url, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, { ...answer.headers, ...extra })
      answer.pipe(outgoing)
    })
    forwarded.on('error', () => outgoing.writeHead(502).end())
    incoming.pipe(forwarded)
  }
}

/** What NocoDB's Docker entry adds: any page may ask, none with its cookies. */
export function withNocoDBCors(handler: Handler): Handler {
  return (incoming, outgoing) => {
    if (incoming.method !== 'OPTIONS') return handler(incoming, outgoing)
    const asked = incoming.headers['access-control-request-headers'] ?? ''
    outgoing.writeHead(204, {
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET,HEAD,PUT,PATCH,POST,DELETE',
      'access-control-allow-headers': asked,
    })
    outgoing.end()
  }
}

/** Serves `handler` on any free port of the loopback interface. */
export async function serve(handler: Handler): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer(handler)
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => void server.close(resolve))
    },
  }
}
