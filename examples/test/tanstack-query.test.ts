import { readFile } from 'node:fs/promises'
import { createNocoDBDouble } from '@latchkey/testing'
import { listen } from '@latchkey/testing/node'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openSession } from '../tanstack-query/page/session.ts'

const ada = { email: 'ada@example.com', password: 'CANARY-7f3a-ada' }
const grace = { email: 'grace@example.com', password: 'CANARY-7f3a-grace' }

/** The page's session, queries and cache, with a NocoDB that has twenty bases. */
async function start() {
  const double = createNocoDBDouble()
  for (const user of [ada, grace]) double.control.addUser(user)
  for (let number = 1; number < 20; number += 1) double.control.addTable()
  const server = await listen(double)
  const { noco, client, queries } = openSession({ baseUrl: server.url })
  onTestFinished(async () => {
    client.clear()
    await server.close()
  })
  await noco.signIn(ada)
  const bases = await client.fetchQuery(queries.bases(ada.email))
  const { control } = double
  control.resetCounts()
  return { control, noco, client, queries, ids: bases.map(({ id }) => id) }
}

test('twenty queries at once across an expiry take one renewal, and none is tried twice by the cache', async () => {
  const { control, client, queries, ids } = await start()
  control.revokeAccessTokens(ada.email)
  const all = ids.map((id) => queries.tables(ada.email, id))
  const tables = await Promise.all(all.map((query) => client.fetchQuery(query)))
  expect(tables.map((list) => list.length).toSorted((one, other) => one - other)).toEqual([
    0,
    ...Array(19).fill(1),
  ])
  expect(control.counts()).toMatchObject({ signIns: 0, renewals: 1, rejectedRenewals: 0 })
  const states = all.map(({ queryKey }) => client.getQueryState(queryKey))
  expect(states.map((state) => state?.dataUpdateCount)).toEqual(Array(20).fill(1))
  expect(states.map((state) => state?.fetchFailureCount)).toEqual(Array(20).fill(0))
})

test('a sign-out empties the cache, and drops answers that come later', async () => {
  const { control, noco, client, queries, ids } = await start()
  const hold = control.hold('data')
  const late = client.fetchQuery(queries.tables(ada.email, ids[0] ?? ''))
  const settled = late.catch((error: Error) => error.message)
  await hold.whenWaiting()
  await noco.signOut()
  hold.release()
  expect(await settled).toBe('CancelledError')
  expect(
    client
      .getQueryCache()
      .getAll()
      .map(({ state }) => state.data),
  ).toEqual([undefined, undefined])
})

test('a write that waits for the network is gone with its session', async () => {
  const { noco, client } = await start()
  const mutationFn = () => new Promise(() => undefined)
  void client.getMutationCache().build(client, { mutationFn }).execute(undefined)
  expect(client.isMutating()).toBe(1)
  await noco.signOut()
  expect(client.isMutating()).toBe(0)
})

test('a session that ends by itself empties the cache too', async () => {
  const { control, client, queries } = await start()
  control.revokeSessions(ada.email)
  const query = queries.bases(ada.email)
  await expect(client.fetchQuery(query)).rejects.toThrow('CancelledError')
  expect(client.getQueryData(query.queryKey)).toBeUndefined()
})

test('a query that needs a sign-in fails at once: nothing is sent, nothing tried again', async () => {
  const { control, noco, client, queries } = await start()
  await noco.signOut()
  control.resetCounts()
  const query = queries.bases(ada.email)
  await expect(client.fetchQuery(query)).rejects.toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
  expect(client.getQueryState(query.queryKey)?.fetchFailureCount).toBe(1)
  expect(control.counts().requests).toBe(0)
})

test('a client’s own error is not tried again where Latchkey’s is its cause', async () => {
  const { noco, client } = await start()
  await noco.signOut()
  const cause = await noco.getTokens().catch((error: unknown) => error)
  const queryFn = () => Promise.reject(new Error('axios says 401', { cause }))
  await expect(client.fetchQuery({ queryKey: ['axios'], queryFn })).rejects.toThrow('axios')
  expect(client.getQueryState(['axios'])?.fetchFailureCount).toBe(1)
})

test('other failures are tried again, as TanStack Query does', async () => {
  const { control, client, queries } = await start()
  control.failNext('data', 3, { status: 503 })
  const bases = await client.fetchQuery({ ...queries.bases(ada.email), retryDelay: 0 })
  expect(bases).toHaveLength(20)
})

test('a cancelled query aborts its request', async () => {
  const { control, client, queries, ids } = await start()
  const sent = vi.spyOn(globalThis, 'fetch')
  const hold = control.hold('data')
  const query = queries.tables(ada.email, ids[0] ?? '')
  const { queryKey } = query
  const settled = client.fetchQuery(query).catch((error: Error) => error.message)
  await hold.whenWaiting()
  await client.cancelQueries({ queryKey })
  expect(await settled).toBe('CancelledError')
  expect(sent.mock.lastCall?.[1]?.signal?.aborted).toBe(true)
  hold.release()
  sent.mockRestore()
})

test('a query that is cancelled while it waits for a renewal does not end the renewal', async () => {
  const { control, client, queries, ids } = await start()
  control.revokeAccessTokens(ada.email)
  const hold = control.hold('renewal')
  const [one, other] = [ids[0] ?? '', ids[1] ?? ''].map((id) => queries.tables(ada.email, id))
  if (!one || !other) throw new Error('There are twenty bases.')
  const given = client.fetchQuery(one).catch((error: Error) => error.message)
  const kept = client.fetchQuery(other)
  await hold.whenWaiting()
  await client.cancelQueries({ queryKey: one.queryKey })
  expect(await given).toBe('CancelledError')
  hold.release()
  expect(await kept).toBeInstanceOf(Array)
  expect(control.counts().renewals).toBe(1)
})

test('the next user sees no data of the previous user', async () => {
  const { noco, client, queries } = await start()
  expect(await client.fetchQuery(queries.who)).toBe(ada.email)
  await noco.signIn(grace) // without a sign-out, as from another tab
  const who = await client.fetchQuery(queries.who)
  expect(who).toBe(grace.email)
  expect(client.getQueryData(queries.bases(who).queryKey)).toBeUndefined()
})

test('the guide shows this very cache', async () => {
  const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8')
  const guide = await read('docs/tanstack-query.md')
  expect(guide).toContain(await read('examples/tanstack-query/page/query-client.ts'))
})
