import { deepEqual, equal, ok } from 'node:assert/strict'
import type { Authorizer } from '@latchkey/core/adapter'
import { forged } from '../conformance/session.ts'
import { axiosOf, burst, type Client, clientsOf, fetchOf, kyOf } from './clients.ts'
import { type AcceptanceCase, type AcceptanceTarget, observe, outlive } from './target.ts'

/** How many lifetimes the steady traffic lasts, the first one included. */
const LIFETIMES = 4

/** One session under the traffic of three clients. */
export const trafficCases: readonly AcceptanceCase[] = [
  {
    name: 'traffic: expiry crossed by 30 concurrent requests of axios, ky and fetch: one refresh',
    async run(target) {
      const { noco, asked, events } = observe(target, await target.newUser())
      const clients = clientsOf(noco)
      const url = target.baseUrl + target.recordsPath
      deepEqual(await burst(clients, url, 3), [200])
      await outlive(target)
      deepEqual(await burst(clients, url, 30), [200])
      deepEqual(asked, { signIns: 1, refreshes: 1 })
      deepEqual(events, { renewed: 2, renewalFailed: 0, retried: 0, signedOut: 0, storeFailed: 0 })
    },
  },
  deadToken('axios', (manager) => [axiosOf(manager)]),
  deadToken('ky', (manager) => [kyOf(manager)]),
  deadToken('fetch', (manager) => [fetchOf(manager)]),
  deadToken('axios, ky and fetch mixed', clientsOf),
  {
    name: `traffic: ${LIFETIMES} lifetimes of steady traffic: no failure, one sign-in, one renewal per lifetime`,
    run: steadyTraffic,
  },
]

function deadToken(name: string, clients: (manager: Authorizer) => Client[]): AcceptanceCase {
  return {
    name: `traffic: 100 concurrent requests with a dead token through ${name}: 100 successes, 1 renewal`,
    async run(target) {
      const { noco, asked, events } = observe(target, await target.newUser())
      const { accessToken, ...rest } = await noco.getTokens()
      const past = Math.floor(target.now() / 1000) - 60
      const dead = forged(accessToken, { iat: past - 60, exp: past }, target.jwtSecret)
      // The manager takes it for good, as it would one that was revoked at the server.
      await noco.setTokens({ ...rest, accessToken: dead, expiresAt: target.now() + 3_600_000 })
      const statuses = await burst(clients(noco), target.baseUrl + target.recordsPath, 100)
      deepEqual(statuses, [200])
      deepEqual(asked, { signIns: 1, refreshes: 1 })
      equal(events.renewed, 2)
      ok(events.retried > 0)
    },
  }
}

/** Goes on until the session has had so many tokens; each of them is used, and replaced once. */
async function steadyTraffic(target: AcceptanceTarget): Promise<void> {
  const { noco, asked, events } = observe(target, await target.newUser())
  const clients = clientsOf(noco)
  const url = target.baseUrl + target.recordsPath
  const tokens = new Set<string>()
  const startedAt = target.now()
  while (events.renewed < LIFETIMES) {
    deepEqual(await burst(clients, url, 6), [200])
    tokens.add((await noco.getTokens()).accessToken)
    ok(target.now() - startedAt < 3 * LIFETIMES * target.accessTokenLifetimeMs, 'it goes on')
    await target.passTime(100)
  }
  tokens.add((await noco.getTokens()).accessToken)
  deepEqual(asked, { signIns: 1, refreshes: LIFETIMES - 1 })
  equal(tokens.size, LIFETIMES)
  const { renewed, ...trouble } = events
  equal(renewed, LIFETIMES)
  deepEqual(trouble, { renewalFailed: 0, retried: 0, signedOut: 0, storeFailed: 0 })
}
