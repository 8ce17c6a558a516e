import { randomUUID } from 'node:crypto'
import { nocodb } from '@latchkey/nocodb'
import { createNocoDBDouble, type NocoDBDouble } from '@latchkey/testing'
import { listen } from '@latchkey/testing/node'
import { notesCalls } from './notes-table.ts'
import type { Target } from './target.ts'

const LIFETIME_MS = 3_000

/**
 * Starts the double of NocoDB that our tests use, as an HTTP server on the loopback interface.
 *
 * @param double A new one, or one whose faults a test has ordered.
 */
export async function openDouble(double: NocoDBDouble = createNocoDBDouble()): Promise<Target> {
  const { control } = double
  const user = { email: 'demo@example.com', password: randomUUID() }
  control.setAccessTokenLifetimeMs(LIFETIME_MS)
  control.addUser(user)
  const { tableId } = control.addTable({ title: 'Notes' })
  // About the time of a server on another machine.
  control.delay('data', 60)
  control.delay('renewal', 250)
  control.delay('signIn', 350)
  const server = await listen(double)
  return {
    about: [
      `NocoDB double at ${server.url}, ${LIFETIME_MS / 1000}-second tokens`,
      `as ${user.email} with a password`,
    ],
    url: `${server.url}/`,
    tickMs: 100,
    calls: notesCalls(tableId),
    connect: (options) => nocodb({ ...options, ...user, baseUrl: server.url }),
    revokeTokens: () => control.revokeAccessTokens(user.email),
    counts: () => control.counts(),
    close: () => server.close(),
  }
}
