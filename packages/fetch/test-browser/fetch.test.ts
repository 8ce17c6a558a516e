import { wrapFetch } from '@latchkey/fetch'
import { beforeEach, expect, test } from 'vitest'
import { formOf, openWorld, type World } from '../../testing/test/support/browser-world.ts'

let world: World
beforeEach(async () => {
  world = await openWorld()
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

test('a relative URL is the page’s, and gets no token', async () => {
  const api = wrapFetch(world.staleManager())
  await api('/')
  expect((await world.state()).renewals).toBe(0)
})

test('a no-cors request passes unchanged', async () => {
  const api = wrapFetch(world.staleManager())
  const response = await api(`${world.api}/open`, { mode: 'no-cors' })
  expect(response.type).toBe('opaque')
  expect((await world.state()).seen[0]?.headers).not.toHaveProperty('xc-auth')
})
