import { createTokenManager, headerScheme } from '@latchkey/core'
import { createNocoDBDouble } from '@latchkey/testing'
import { listen } from '@latchkey/testing/node'
import * as axios from 'axios'
import axiosFloor from 'axios-floor/package.json' with { type: 'json' }
import * as ky from 'ky'
import kyFloor from 'ky-floor'
import { describe, expect, test, vi } from 'vitest'
import { axiosSubject } from '../../packages/axios/test/support/axios-subject.ts'
import { kySubject } from '../../packages/ky/test/support/ky-subject.ts'
import { runContract } from './support/run-contract.ts'
import { nodeStream, webStream } from './support/subjects.ts'

// The oldest versions that the peer ranges allow take the place of the newest, in the adapters too.
vi.mock('axios', () => import('axios-floor'))
vi.mock('ky', () => import('ky-floor'))

const overHttp = axiosSubject(axios, { adapter: 'http', stream: nodeStream })
const subjects = [
  { name: 'the oldest ky', subject: kySubject(ky) },
  { name: 'the oldest axios, http adapter', subject: overHttp },
  {
    name: 'the oldest axios, fetch adapter',
    subject: axiosSubject(axios, { adapter: 'fetch', stream: webStream }),
  },
]

test('the tests and the adapters really use the oldest versions', async () => {
  expect(ky.default).toBe(kyFloor)
  const double = createNocoDBDouble()
  const agents: (string | null)[] = []
  const server = await listen({
    ...double,
    async fetch(input) {
      agents.push(new Request(input).headers.get('user-agent'))
      return new Response('{}')
    },
  })
  const origin = new URL(server.url).origin
  const grants = [{ name: 'known', request: () => Promise.resolve({ accessToken: 'a' }) }]
  const manager = createTokenManager({ origin, scheme: headerScheme('xc-auth'), grants })
  await overHttp.connect({ manager, baseUrl: server.url })('/items')
  expect(agents).toEqual([`axios/${axiosFloor.version}`])
  await server.close()
})

describe.each(subjects)('$name', ({ subject }) => {
  runContract(subject)
})
