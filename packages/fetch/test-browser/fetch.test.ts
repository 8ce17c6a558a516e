import { wrapFetch } from '@latchkey/fetch'
import { bearer } from '@latchkey/core'
import { beforeEach, expect, test } from 'vitest'
import { formOf, openWorld, redirectTo, type World } from './support/world.ts'

let world: World
beforeEach(async () => {
  world = await openWorld()
})

test('the token goes to its origin and to no other', async () => {
  const api = wrapFetch(world.staleManager())
  expect((await api(`${world.api}/items`)).status).toBe(200)
  expect((await api(`${world.other}/items`)).status).toBe(200)
  const { seen, token } = await world.state()
  expect(seen.find(({ at }) => at === 'other')?.headers).not.toHaveProperty('xc-auth')
  expect(seen.filter(({ path }) => path === '/items')[1]?.headers['xc-auth']).toBe(token)
})

test('20 concurrent requests with a dead token: 20 successes, 1 renewal', async () => {
  const api = wrapFetch(world.staleManager())
  const sent = Array.from({ length: 20 }, () => api(`${world.api}/items`))
  const statuses = (await Promise.all(sent)).map(({ status }) => status)
  expect(new Set(statuses)).toEqual(new Set([200]))
  expect((await world.state()).renewals).toBe(1)
})

test.each(['init', 'Request'])('a FormData body in %s is replayed byte for byte', async (place) => {
  const api = wrapFetch(world.staleManager())
  const body = new FormData()
  body.set('title', 'Grüße')
  body.set('file', new Blob(['bytes']), 'file.txt')
  const url = `${world.api}/items`
  const init = { method: 'POST', body }
  const response = await (place === 'init' ? api(url, init) : api(new Request(url, init)))
  expect(response.status).toBe(200)
  const { seen } = await world.state()
  const [first, second, ...more] = seen.filter(({ path }) => path === '/items').map(formOf)
  expect(first).toContain('file.txt')
  expect(second).toBe(first)
  expect(more).toEqual([])
})

test("a waiter's abort settles at once and disturbs nobody", async () => {
  const api = wrapFetch(world.staleManager())
  const renewal = await world.holdRenewals()
  const controller = new AbortController()
  const init = { signal: controller.signal }
  const aborted = api(`${world.api}/items`, init).catch((error: unknown) => error)
  await renewal.started
  const other = api(`${world.api}/items`)
  controller.abort()
  expect(await aborted).toMatchObject({ name: 'AbortError' })
  await renewal.release()
  expect((await other).status).toBe(200)
  expect((await world.state()).renewals).toBe(1)
})

test('a redirect with xc-auth is refused, since a browser hides where it leads', async () => {
  const api = wrapFetch(world.staleManager())
  await api(`${world.api}/items`)
  for (const target of [world.other, world.api]) {
    const redirect = world.api + redirectTo(`${target}/open`)
    await expect(api(redirect)).rejects.toMatchObject({ code: 'ERR_REDIRECT_REFUSED' })
  }
  expect((await world.state()).seen.filter(({ path }) => path === '/open')).toEqual([])
})

test('Authorization does not follow a redirect to another origin', async () => {
  const api = wrapFetch(world.staleManager({ scheme: bearer() }))
  await api(`${world.api}/items`)
  const redirect = world.api + redirectTo(`${world.other}/open`)
  expect((await api(redirect)).status).toBe(200)
  const { seen } = await world.state()
  expect(seen.at(-1)?.at).toBe('other')
  expect(seen.at(-1)?.headers).not.toHaveProperty('authorization')
})

test('a relative URL is the page’s, and gets no token', async () => {
  const api = wrapFetch(world.staleManager())
  await api('/')
  expect((await world.state()).renewals).toBe(0)
})

test('a no-cors request passes as it is', async () => {
  const api = wrapFetch(world.staleManager())
  const response = await api(`${world.api}/open`, { mode: 'no-cors' })
  expect(response.type).toBe('opaque')
  expect((await world.state()).seen[0]?.headers).not.toHaveProperty('xc-auth')
})

test('a grant that uses the very client it serves, and passes its signal on, does not wait for itself', async () => {
  const grant = {
    name: 'through the client',
    request: async ({ signal }: { signal: AbortSignal }) =>
      (await api(`${world.api}/renew`, { method: 'POST', signal })).json(),
  }
  const api = wrapFetch(world.staleManager({ grants: [grant] }))
  expect((await api(`${world.api}/items`)).status).toBe(200)
  expect((await world.state()).renewals).toBe(1)
})
