import { registerAuth } from '@latchkey/axios'
import { wrapFetch } from '@latchkey/fetch'
import { authHooks } from '@latchkey/ky'
import { type NocoDB, nocodb } from '@latchkey/nocodb'
import { createNocoDBDouble } from '@latchkey/testing'
import { type ListeningServer, listen } from '@latchkey/testing/node'
import axios from 'axios'
import ky from 'ky'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTimeline } from '../src/index.ts'

const user = { email: 'ada@example.com', password: 'CANARY-7f3a' }
const double = createNocoDBDouble()
let server: ListeningServer

beforeAll(async () => {
  double.control.addUser(user)
  server = await listen(double)
})
afterAll(() => server.close())

const path = '/api/v2/meta/bases'

const clients: [name: string, connect: (noco: NocoDB) => () => Promise<unknown>][] = [
  [
    'axios',
    (noco) => {
      const api = axios.create({ baseURL: server.url })
      registerAuth(api, noco)
      return () => api.get(`${path}?page=1`)
    },
  ],
  [
    'ky',
    (noco) => {
      const api = ky.extend({ hooks: authHooks(noco) })
      return () => api(`${server.url}${path}?page=1`).json()
    },
  ],
  [
    'fetch',
    (noco) => {
      const api = wrapFetch(noco)
      return () => api(`${server.url}${path}?page=1`)
    },
  ],
]

test.each(clients)(
  '%s, attached before the timeline, is recorded from then on',
  async (_, connect) => {
    const noco = nocodb({ ...user, baseUrl: server.url })
    const send = connect(noco)
    const timeline = createTimeline(noco)
    await send()
    double.control.revokeAccessTokens(user.email)
    await send()
    timeline.stop()
    await send()
    const url = `${server.url}${path}`
    const told = timeline.entries.map((entry) => {
      if (!('request' in entry)) return entry.kind
      expect(entry).toMatchObject({ method: 'GET', url })
      return `${entry.request} ${entry.kind}${'status' in entry ? ` ${entry.status}` : ''}`
    })
    expect(told).toEqual([
      '1 waiting',
      'renewed',
      '1 sent',
      '1 answered 200',
      '2 sent',
      '2 answered 401',
      '2 waiting',
      'renewed',
      '2 sent',
      '2 answered 200',
    ])
    expect(JSON.stringify(timeline)).not.toContain('CANARY')
  },
)
