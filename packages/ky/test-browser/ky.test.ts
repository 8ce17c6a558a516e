import { authHooks } from '@latchkey/ky'
import ky from 'ky'
import { beforeEach, expect, test } from 'vitest'
import { formOf, openWorld, redirectTo, type World } from './support/world.ts'

let world: World
beforeEach(async () => {
  world = await openWorld()
})

const signedIn = (manager = world.staleManager()) =>
  ky.create({ prefix: world.api, retry: 0, hooks: authHooks(manager) })

test('the token goes to its origin and to no other', async () => {
  const api = signedIn()
  expect((await api('items')).status).toBe(200)
  expect((await api(new URL(`${world.other}/items`))).status).toBe(200)
  const { seen, token } = await world.state()
  expect(seen.find(({ at }) => at === 'other')?.headers).not.toHaveProperty('xc-auth')
  expect(seen.filter(({ path }) => path === '/items')[1]?.headers['xc-auth']).toBe(token)
})

test('20 concurrent requests with a dead token: 20 successes, 1 renewal', async () => {
  const api = signedIn()
  const sent = Array.from({ length: 20 }, () => api('items'))
  const statuses = (await Promise.all(sent)).map(({ status }) => status)
  expect(new Set(statuses)).toEqual(new Set([200]))
  expect((await world.state()).renewals).toBe(1)
})

test.each([0, 5])('a FormData body is replayed byte for byte, with retry %i', async (retry) => {
  const body = new FormData()
  body.set('title', 'Grüße')
  body.set('file', new Blob(['bytes']), 'file.txt')
  expect((await signedIn().post('items', { body, retry })).status).toBe(200)
  const { seen } = await world.state()
  const [first, second, ...more] = seen.filter(({ path }) => path === '/items').map(formOf)
  expect(first).toContain('file.txt')
  expect(second).toBe(first)
  expect(more).toEqual([])
})

test("a waiter's abort settles at once and disturbs nobody", async () => {
  const api = signedIn()
  const renewal = await world.holdRenewals()
  const controller = new AbortController()
  const aborted = api('items', { signal: controller.signal }).catch((error: unknown) => error)
  await renewal.started
  const other = api('items')
  controller.abort()
  expect(await aborted).toMatchObject({ name: 'AbortError' })
  await renewal.release()
  expect((await other).status).toBe(200)
  expect((await world.state()).renewals).toBe(1)
})

test('a redirect with xc-auth is refused, since a browser hides where it leads, and not retried', async () => {
  const api = signedIn().extend({ retry: 3 })
  await api('items')
  const path = redirectTo(`${world.other}/open`).slice(1)
  await expect(api(path)).rejects.toMatchObject({ code: 'ERR_REDIRECT_REFUSED' })
  const { seen } = await world.state()
  expect(seen.filter(({ at }) => at === 'other')).toEqual([])
  expect(seen.filter((request) => request.path === '/redirect')).toHaveLength(1)
})

test('a grant that uses the very client it serves, and passes its signal on, does not wait for itself', async () => {
  const grant = {
    name: 'through the client',
    request: ({ signal }: { signal: AbortSignal }) =>
      api.post('renew', { signal }).json<{ accessToken: string }>(),
  }
  const api = signedIn(world.staleManager({ grants: [grant] }))
  expect((await api('items')).status).toBe(200)
  expect((await world.state()).renewals).toBe(1)
})
