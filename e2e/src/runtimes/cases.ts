import { adapterContract, type Platform } from '@latchkey/testing/adapter-contract'
import * as axios from 'axios'
import * as ky from 'ky'
import { axiosSubject } from '../../../packages/axios/test/support/axios-subject.ts'
import { fetchSubject } from '../../../packages/fetch/test/support/fetch-subject.ts'
import { kySubject } from '../../../packages/ky/test/support/ky-subject.ts'

/** The clients that every runtime is asked for. `axios`: on the adapter that it takes by itself. */
export const runtimeClients = ['fetch', 'ky', 'axios', 'axios, fetch adapter'] as const

export type RuntimeClient = (typeof runtimeClients)[number]

/** What a runtime is asked to run. It travels as JSON. */
export interface CaseOrder {
  client: RuntimeClient
  /** Where the contract's servers are opened. */
  url: string
  /** What the runtime makes impossible. */
  platform: Platform
  /** What axios' own adapter takes as a body of unknown length, if anything. */
  axiosStream?: 'node' | 'web'
}

/** How one case of the contract ended. */
export interface CaseResult {
  name: string
  /** What was found instead of the fact. Absent: the fact holds. */
  failure?: string
}

/** As many at once as in the other suites: most cases wait. */
const AT_ONCE = 10

/** Runs the whole `adapterContract()` right here, whatever runtime this is; needs no test runner. */
export async function runCases({ url, ...order }: CaseOrder): Promise<CaseResult[]> {
  const subject = subjectOf(order)
  const results: CaseResult[] = []
  const waiting = adapterContract().values()
  const work = async () => {
    for (const { name, run } of waiting) {
      const failure = await run(subject, { url }).then(() => undefined, String)
      results.push({ name, ...(failure !== undefined && { failure }) })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return results
}

function subjectOf({ client, platform, axiosStream }: Omit<CaseOrder, 'url'>) {
  if (client === 'fetch') return fetchSubject(platform)
  if (client === 'ky') return kySubject(ky, platform)
  const isFetch = client !== 'axios'
  // Chromium takes no streams over HTTP/1.1.
  const kind = isFetch && !platform.hidesRedirects ? 'web' : axiosStream
  return axiosSubject(axios, {
    platform,
    ...(isFetch && { adapter: 'fetch' }),
    ...(kind && { stream: kind === 'web' ? webStream : nodeStream }),
  })
}

const webStream = (text: string): object => new Blob([text]).stream()

/** For axios' http adapter: not imported, since only Node and what takes after it have it. */
function nodeStream(text: string): object {
  const { Readable } = process.getBuiltinModule('node:stream')
  return Readable.from([Buffer.from(text)])
}
