import type { ServerResponse } from 'node:http'
import type { Answer } from '../contract/scene.ts'

/** Sends `answer`, with its fault, if it has one. */
export function give(
  response: ServerResponse,
  { status = 200, headers = {}, body = '', fault }: Answer,
  common: Record<string, string>,
): void {
  if (fault === 'reset') {
    response.socket?.destroy()
    return
  }
  const type = { 'content-type': 'application/json' }
  response.writeHead(status, { ...common, ...type, ...headers, ...lengthOf(fault, body) })
  if (fault === 'cut') response.write(body, () => response.socket?.destroy())
  else if (fault === 'stalled') response.write(body)
  else if (fault === 'endless') pour(response, Buffer.alloc(65_536, 'endless '))
  else response.end(body)
}

/** An answer that breaks off has promised more than it gives. */
const lengthOf = (fault: Answer['fault'], body: string) =>
  fault === 'cut' ? { 'content-length': String(Buffer.byteLength(body) + 1_000) } : {}

/** `chunk` again and again, slowly enough for a client in this very process to do something else. */
function pour(response: ServerResponse, chunk: Buffer): void {
  if (response.destroyed) return
  response.write(chunk)
  setTimeout(() => pour(response, chunk), 5)
}
