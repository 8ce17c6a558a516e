import { inspect } from 'node:util'
import type { ManagerEvents } from '@latchkey/core'
import { authorizedFetch } from '@latchkey/core/adapter'
import { createNocoDBDouble, type NocoDBDoubleOptions } from '@latchkey/testing'
import { vi } from 'vitest'
import { type NocoDB, type NocoDBOptions, nocodb } from '../../src/index.ts'

export const BASE_URL = 'https://nocodb.test'

/** Every secret of the tests holds this word, so that one search finds them all. */
export const CANARY = 'CANARY-7f3a'
export const root = { email: 'root@example.com', password: `${CANARY}-root` }
export const ada = { email: 'ada@example.com', password: `${CANARY}-ada` }

const HOUR = 3_600_000

/** A clock that stands until a test moves it: the server's and the manager's. */
function fakeClock() {
  let now = 1_700_000_000_000
  return { now: () => now, pass: (ms: number) => void (now += ms) }
}

/**
 * A NocoDB double on which root (super admin) and ada (a plain user) may read and write one table.
 * Access tokens live for an hour.
 */
export function startServer(options: NocoDBDoubleOptions = {}) {
  const clock = fakeClock()
  const double = createNocoDBDouble({ accessTokenLifetimeMs: HOUR, now: clock.now, ...options })
  const { control } = double
  control.addUser(root)
  control.addUser(ada)
  const { tableId } = control.addTable()
  const records = `${BASE_URL}/api/v2/tables/${tableId}/records`
  const open = (more: Partial<NocoDBOptions> = {}) =>
    nocodb({ baseUrl: BASE_URL, fetch: double.fetch, clock, ...more })
  return {
    clock,
    double,
    control,
    records,
    open,
    /** Every access token issued so far has expired. */
    expire: () => clock.pass(HOUR + 1000),
    read: (noco: NocoDB, init?: RequestInit) => authorizedFetch(noco, double.fetch)(records, init),
    /** Statuses of `count` reads at once. */
    readMany: async (noco: NocoDB, count: number) => {
      const send = authorizedFetch(noco, double.fetch)
      const all = await Promise.all(Array.from({ length: count }, () => send(records)))
      return [...new Set(all.map(({ status }) => status))]
    },
    /** The credential headers of the requests of one kind, without repetition. */
    credentialsOf: (kind: string) => [
      ...new Set(
        control
          .log()
          .filter((entry) => entry.kind === kind)
          .map(({ credentials }) => credentials.join(' + ')),
      ),
    ],
  }
}

export type Server = ReturnType<typeof startServer>

/** A manager that is signed in as ada, counted from there. */
export async function signedIn(server: Server, options: Partial<NocoDBOptions> = {}) {
  const noco = server.open({ ...ada, ...options })
  await noco.getTokens()
  server.control.resetCounts()
  return noco
}

/** A manager that has ada's session and does not know her password. */
export async function withoutPassword(server: Server, options: Partial<NocoDBOptions> = {}) {
  const noco = server.open(options)
  await noco.signIn(ada)
  server.control.resetCounts()
  return noco
}

/** What `promise` rejects with. */
export async function failure(promise: unknown): Promise<Error & { code?: string }> {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  throw new Error('expected a rejection')
}

export const codeOf = async (promise: unknown) => (await failure(promise)).code

/** What `make` throws. */
export function thrown(make: () => unknown): Error & { code?: string } {
  try {
    make()
  } catch (error) {
    return error as Error
  }
  throw new Error('expected an exception')
}

/** Lets the waits between retries pass without waiting: for failures only, which take no real time. */
export async function skippingWaits<T>(work: () => Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const progress = { settled: false }
    const result = work().finally(() => (progress.settled = true))
    result.catch(() => undefined)
    while (!progress.settled) {
      await vi.advanceTimersByTimeAsync(50)
      await new Promise((resolve) => setImmediate(resolve))
    }
    return await result
  } finally {
    vi.useRealTimers()
  }
}

/** Counts the events of one name. */
export function countOf(noco: NocoDB, name: keyof ManagerEvents): () => number {
  let count = 0
  noco.on(name, () => (count += 1))
  return () => count
}

/** Where a call of fetch goes. */
export const urlOf = (input: Parameters<typeof fetch>[0]) =>
  new URL(input instanceof Request ? input.url : input)

/** Everything a person could print of `value`. */
export function printed(value: unknown): string {
  const deep = { depth: Infinity, showHidden: true, getters: false } as const
  const parts = [inspect(value, deep), String(value), JSON.stringify(value) ?? '']
  if (value instanceof Error) parts.push(value.stack ?? '', printed(value.cause ?? ''))
  return parts.join('\n')
}
