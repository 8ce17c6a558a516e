import { createTokenManager, headerScheme, memoryStore } from '@latchkey/core'
import { createNocoDBDouble } from '@latchkey/testing'
import { listen } from '@latchkey/testing/node'
import { describe, expect, test } from 'vitest'
import { runContract } from './support/run-contract.ts'
import { statusesOf, subjects } from './support/subjects.ts'

describe.each(subjects)('$name', ({ subject }) => {
  runContract(subject)
})

describe('all clients on one manager', () => {
  test('100 concurrent requests with a dead token: 100 successes, 1 renewal, 200 sends', async () => {
    const double = createNocoDBDouble()
    double.control.addUser({ email: 'ada@example.com', password: 'correct horse' })
    const { token } = double.control.createApiToken('ada@example.com')
    const server = await listen(double)
    const store = memoryStore()
    await store.setToken({ accessToken: 'stale' }, 'session')
    let renewals = 0
    const grant = {
      name: 'renewal',
      async request() {
        renewals += 1
        return { accessToken: token }
      },
    }
    const manager = createTokenManager({
      origin: new URL(server.url).origin,
      scheme: headerScheme('xc-token'),
      grants: [grant],
      store,
      name: 'session',
    })
    const senders = subjects.map(({ subject }) => subject.connect({ manager, baseUrl: server.url }))
    const hold = double.control.hold('data')
    const path = '/api/v2/meta/bases'
    const sent = statusesOf(100, (index) => senders[index % senders.length]!(path))
    await hold.whenWaiting(100)
    hold.release()
    expect(await sent).toEqual([200])
    expect(renewals).toBe(1)
    expect(double.control.counts().dataRequests).toBe(200)
    await server.close()
  })
})
