/**
 * The NocoDB double as an HTTP server, and the servers of `adapterContract()`. Peer: @hono/node-server.
 *
 * @module
 */

import type { ServerType } from '@hono/node-server'
import { createAdaptorServer } from '@hono/node-server'
import { normalBasePath, withoutBasePath } from './double/base-path.ts'
import { NetworkFault } from './double/faults.ts'
import type { FetchServer } from './double/fetch-server.ts'

export type { FetchServer } from './double/fetch-server.ts'
export { type ContractServers, startContractServers } from './servers/contract-servers.ts'
export type { TokenReading } from './servers/world.ts'

/** The address that the server listens at. */
export interface ListenOptions {
  /** Default 0: any free port. */
  port?: number
  /** A sub-path for the whole server, such as `/nocodb`. Default `''`. */
  basePath?: string
}

/** A double that answers over HTTP. */
export interface ListeningServer {
  /** `http://127.0.0.1:<port>` and the base path, without a slash at the end. */
  readonly url: string
  /** Ends open connections and stops. Resolves when the port is free. */
  close(): Promise<void>
}

/**
 * Serves a double as a real HTTP server on the loopback interface. Rejects when the port is taken.
 * An ordered network fault cuts the connection without an answer.
 */
export async function listen(
  double: FetchServer,
  { port = 0, basePath = '' }: ListenOptions = {},
): Promise<ListeningServer> {
  const prefix = normalBasePath(basePath)
  const server = createAdaptorServer({
    overrideGlobalObjects: false,
    async fetch(request, env) {
      const inner = withoutBasePath(await plainRequest(request), prefix)
      if (!inner) return Response.json({ msg: 'Not under the base path' }, { status: 404 })
      try {
        return await double.fetch(inner)
      } catch (error) {
        if (error instanceof NetworkFault && 'incoming' in env) env.incoming.socket?.destroy()
        return Response.json({ msg: `The double failed: ${String(error)}` }, { status: 500 })
      }
    },
  })
  const actualPort = await started(server, port)
  return { url: `http://127.0.0.1:${actualPort}${prefix}`, close: () => stopped(server) }
}

/** The adapter's requests only look like the platform's; the platform's constructor refuses them. */
async function plainRequest(request: Request): Promise<Request> {
  const { url, method, headers } = request
  const hasBody = method !== 'GET' && method !== 'HEAD'
  return new Request(url, { method, headers, body: hasBody ? await request.arrayBuffer() : null })
}

function started(server: ServerType, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : port)
    })
  })
}

function stopped(server: ServerType): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()))
    if ('closeAllConnections' in server) server.closeAllConnections()
  })
}
