// Goes on with the session that another process left in a file: started by process-cases.ts, on the
// built packages. Its arguments: base URL, the URL to read, the file, by how many ms the server's time is
// ahead. It prints a Report.
import process from 'node:process'
import { registerAuth } from '@latchkey/axios'
import { isLatchkeyError } from '@latchkey/core'
import { nocodb } from '@latchkey/nocodb'
import { create } from 'axios'
import { jsonFileStore } from './json-file-store.ts'

/** What the second process got, and what it asked for to get it. */
export interface Report {
  /** Statuses of the reads, or the code of the error. */
  got: (number | string)[]
  email?: string
  asked: string[]
}

const [baseUrl = '', url = '', file = '', timeAhead = ''] = process.argv.slice(2)
const asked: string[] = []
const noco = nocodb({
  baseUrl,
  store: jsonFileStore(file),
  clock: { now: () => Date.now() + Number(timeAhead) },
  fetch: (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input)
    asked.push(pathname.split('/').slice(-2).join('/'))
    return fetch(input, init)
  },
})
const api = create()
registerAuth(api, noco)

async function read(): Promise<number | string> {
  try {
    return (await api.get(url)).status
  } catch (error) {
    return noco.explain(error)?.code ?? (isLatchkeyError(error) ? error.code : String(error))
  }
}

const report: Report = { got: await Promise.all([read(), read(), read()]), asked }
if (report.got.every((one) => one === 200)) report.email = (await noco.me()).email
console.log(JSON.stringify(report))
