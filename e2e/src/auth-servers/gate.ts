import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request that came by, and what it was answered. */
export interface Passed {
  method: string
  /** Path and query. */
  path: string
  body: string
  status: number
}

/** What stands before a real server: it counts, and it can be shut while the server behind lives on. */
export interface Gate {
  readonly url: string
  readonly passed: readonly Passed[]
  /** Nobody listens any more: connections are refused, as when the machine is down. */
  shut(): Promise<void>
  /** Answers everything itself, as a proxy does whose server is away; `undefined`: lets through again. */
  answer(status: number | undefined): void
  /** Listens again, where it did before. */
  open(): Promise<void>
}

/** Opens a gate on loopback. `target` is asked with each request where the server is. */
export async function startGate(target: () => string): Promise<Gate> {
  const passed: Passed[] = []
  let own: number | undefined
  const server = createServer((asked, response) => {
    const chunks: Buffer[] = []
    asked.on('data', (chunk: Buffer) => chunks.push(chunk))
    asked.on('end', () => {
      const { method = 'GET', url: path = '/' } = asked
      const body = Buffer.concat(chunks)
      const note = (status: number) => passed.push({ method, path, body: body.toString(), status })
      if (own === undefined) forward(new URL(path, target()), asked, body, response, note)
      else response.writeHead(own).end(() => note(own ?? 0))
    })
  })
  const listen = (port: number) =>
    new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve))
  await listen(0)
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    passed,
    async shut() {
      if (!server.listening) return
      const closed = new Promise((resolve) => void server.close(resolve))
      server.closeAllConnections()
      await closed
    },
    answer: (status) => (own = status),
    open: () => listen(port),
  }
}

function forward(
  url: URL,
  { method, headers }: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
  note: (status: number) => void,
): void {
  const onward = request(url, { method, headers: { ...headers, host: url.host } }, (answer) => {
    const { statusCode = 500 } = answer
    note(statusCode)
    response.writeHead(statusCode, answer.rawHeaders)
    answer.pipe(response)
  })
  onward.on('error', () => response.destroy())
  onward.end(body)
}
