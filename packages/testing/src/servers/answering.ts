import type { ServerResponse } from 'node:http'
import type { Writable } from 'node:stream'
import { constants, createGzip } from 'node:zlib'
import type { Answer } from '../contract/scene.ts'

/**
 * Sends `answer`, with its fault, if it has one.
 *
 * @internal its type names Node's
 */
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
  const packed = fault === 'bomb' && { 'content-encoding': 'gzip' }
  response.writeHead(status, {
    ...common,
    ...type,
    ...headers,
    ...packed,
    ...lengthOf(fault, body),
  })
  if (fault === 'cut') response.write(body, () => response.socket?.destroy())
  else if (fault === 'stalled') response.write(body)
  else if (fault === 'endless') pour(response, response, Buffer.alloc(65_536, 'endless '))
  else if (fault === 'bomb') inflate(response)
  else response.end(body)
}

/** An answer that breaks off has promised more than it gives. */
const lengthOf = (fault: Answer['fault'], body: string) =>
  fault === 'cut' ? { 'content-length': String(Buffer.byteLength(body) + 1_000) } : {}

/** `chunk` again and again, slowly enough for a client in this very process to do something else. */
function pour(response: ServerResponse, into: Writable, chunk: Buffer, everyMs = 5): void {
  if (response.destroyed) return
  into.write(chunk)
  setTimeout(() => pour(response, into, chunk, everyMs), everyMs)
}

/**
 * A kilobyte for each megabyte, sent as soon as it is packed. 20 MB/s once it is unpacked: ten times that, and Chromium
 * reads a body for so long without a pause that not even a bare `fetch` hears its signal.
 */
function inflate(response: ServerResponse): void {
  const gzip = createGzip({ flush: constants.Z_SYNC_FLUSH })
  gzip.pipe(response)
  response.once('close', () => gzip.destroy())
  pour(response, gzip, Buffer.alloc(1_048_576), 50)
}
