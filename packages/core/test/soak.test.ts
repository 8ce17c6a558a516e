import { getEventListeners } from 'node:events'
import process from 'node:process'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { bearer, createTokenManager, memoryStore, type TokenStore } from '../src/index.ts'
import { authorizedFetch } from '../src/adapter.ts'
import { failure, ORIGIN } from './support/harness.ts'

const RENEWALS = 10_000
const REQUESTS_EACH = 10
const WARM_UP = 2_000
/** What a run may add to the heap. One object kept per renewal or request would be more than that. */
const BOUND_BYTES = 500_000

let collect = () => undefined as void
beforeAll(() => {
  setFlagsFromString('--expose-gc')
  collect = runInNewContext('gc') as () => void
})
afterAll(() => setFlagsFromString('--no-expose-gc'))

/** The heap once everything that can go has gone: weak maps and promises take more than one round. */
async function heapInUse(): Promise<number> {
  for (let round = 0; round < 5; round += 1) {
    collect()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return process.memoryUsage().heapUsed
}

const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

/** A server that revokes its token when told to, and a client that sends all its requests with one signal. */
function endlessSession() {
  const inner = memoryStore()
  const followers = new Set<() => void>()
  const store: TokenStore = {
    ...inner,
    subscribe(_name, listener) {
      followers.add(listener)
      return () => void followers.delete(listener)
    },
  }
  const { signal } = new AbortController()
  const counts = { renewals: 0, requests: 0, rejected: 0, retried: 0 }
  let valid = ''
  let renewalSignal: AbortSignal | undefined
  // Not the harness, which keeps every event.
  const manager = createTokenManager({
    origin: ORIGIN,
    scheme: bearer(),
    store,
    grants: [
      {
        name: 'refresh token',
        request({ signal: own, tokens }) {
          renewalSignal = own
          const serial = Number(tokens?.refreshToken ?? 0) + 1
          valid = `a${serial}`
          return Promise.resolve({ accessToken: valid, refreshToken: `${serial}` })
        },
      },
    ],
  })
  manager.on('renewed', () => void (counts.renewals += 1))
  manager.on('retried', () => void (counts.retried += 1))
  const send = authorizedFetch(manager, async (_input, init) => {
    const isValid = new Headers(init?.headers).get('authorization') === `Bearer ${valid}`
    if (!isValid) counts.rejected += 1
    return new Response('{}', { status: isValid ? 200 : 401 })
  })

  /** The token dies; ten requests find out at once, and one more caller does not wait for the end. */
  async function round(): Promise<void> {
    valid = ''
    const init = { method: 'POST', body: '{"a":1}', signal }
    const responses = await Promise.all(
      Array.from({ length: REQUESTS_EACH }, () => send(`${ORIGIN}/items`, init)),
    )
    counts.requests += responses.filter(({ status }) => status === 200).length
    await failure(manager.getTokens({ signal: AbortSignal.abort() }))
  }

  const listeners = () => ({
    caller: getEventListeners(signal, 'abort').length,
    renewal: renewalSignal && getEventListeners(renewalSignal, 'abort').length,
    store: followers.size,
  })
  return { manager, round, counts, listeners, names: () => inner.names?.() }
}

it('10,000 renewals and 100,000 requests leave no memory, listener or timer behind', async ({
  annotate,
}) => {
  const { manager, round, counts, listeners, names } = endlessSession()
  await manager.getTokens()
  for (let n = 0; n < WARM_UP; n += 1) await round()
  const before = { heap: await heapInUse(), timers: timers(), ...counts }
  for (let n = 0; n < RENEWALS; n += 1) await round()
  const grown = (await heapInUse()) - before.heap

  expect(counts.renewals - before.renewals).toBe(RENEWALS)
  expect(counts.requests - before.requests).toBe(RENEWALS * REQUESTS_EACH)
  expect(counts.retried).toBe(counts.rejected)
  expect(listeners()).toEqual({ caller: 0, renewal: 0, store: 1 })
  expect(timers()).toBe(before.timers)
  expect(await names()).toEqual(['https://api.test'])
  await annotate(`heap ${before.heap} bytes, grown by ${grown} after ${RENEWALS} renewals`)
  expect(grown).toBeLessThan(BOUND_BYTES)
}, 120_000)
