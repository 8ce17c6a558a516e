import { Readable } from 'node:stream'
import type { AdapterSubject } from '@latchkey/testing/adapter-contract'
import * as axios from 'axios'
import * as ky from 'ky'
import { axiosSubject } from '../../../packages/axios/test/support/axios-subject.ts'
import { fetchSubject } from '../../../packages/fetch/test/support/fetch-subject.ts'
import { kySubject } from '../../../packages/ky/test/support/ky-subject.ts'

export const nodeStream = (text: string): object => Readable.from([Buffer.from(text)])
export const webStream = (text: string): object => new Blob([text]).stream()

/** Every client on every transport that Node has. */
export const subjects: readonly { name: string; subject: AdapterSubject }[] = [
  { name: 'fetch', subject: fetchSubject() },
  { name: 'ky', subject: kySubject(ky) },
  {
    name: 'axios, http adapter',
    subject: axiosSubject(axios, { adapter: 'http', stream: nodeStream }),
  },
  {
    name: 'axios, fetch adapter',
    subject: axiosSubject(axios, { adapter: 'fetch', stream: webStream }),
  },
  {
    name: 'axios, fetch adapter given as a function',
    subject: axiosSubject(axios, { adapter: axios.getAdapter('fetch'), stream: webStream }),
  },
]

/** `count` requests at once; their statuses, each once. */
export async function statusesOf(
  count: number,
  send: (index: number) => Promise<{ status?: number }>,
): Promise<(number | undefined)[]> {
  const outcomes = await Promise.all(Array.from({ length: count }, (_, index) => send(index)))
  return [...new Set(outcomes.map(({ status }) => status))]
}
