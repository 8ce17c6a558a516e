// One of many processes that share a session in a directory: started by processes.test.ts on the built
// packages. Its arguments: base URL and directory. It knows no password. It reads until it is told to
// stop, then sends a SharerReport. It also sends each result that is new to it, and `renewing` before a
// renewal of its own.
import process from 'node:process'
import { setTimeout } from 'node:timers/promises'
import { isLatchkeyError } from '@latchkey/core'
import { wrapFetch } from '@latchkey/fetch'
import { nocodb } from '@latchkey/nocodb'
import { fileStore } from '@latchkey/stores/file'

/** How often each status, or code of an error, was got, and what the manager announced. */
export interface SharerReport {
  got: Record<string, number>
  announced: string[]
}

const [baseUrl = '', directory = ''] = process.argv.slice(2)
const report: SharerReport = { got: {}, announced: [] }
const over = new AbortController()
process.once('message', () => over.abort())

const noco = nocodb({
  baseUrl,
  store: fileStore({ directory }),
  async fetch(input, init) {
    const { pathname } = new URL(input instanceof Request ? input.url : input)
    if (pathname.endsWith('/token/refresh')) {
      await new Promise((sent) => process.send?.('renewing', sent))
    }
    return fetch(input, init)
  },
})
for (const event of ['signedOut', 'storeFailed', 'renewalFailed'] as const) {
  noco.on(event, () => void report.announced.push(event))
}
const get = wrapFetch(noco)

async function read(): Promise<number | string> {
  try {
    const response = await get(`${baseUrl}/api/v2/meta/bases`)
    await response.arrayBuffer()
    return response.status
  } catch (error) {
    return isLatchkeyError(error) ? error.code : String(error)
  }
}

while (!over.signal.aborted) {
  const got = await read()
  if (report.got[got] === undefined) process.send?.(got)
  report.got[got] = (report.got[got] ?? 0) + 1
  await setTimeout(50)
}
process.send?.(report)
process.disconnect()
