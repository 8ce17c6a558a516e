import { authHooks } from '@latchkey/ky'
import ky from 'ky'
import { beforeEach, expect, test } from 'vitest'
import {
  formOf,
  openWorld,
  redirectTo,
  type World,
} from '../../testing/test/support/browser-world.ts'

let world: World
beforeEach(async () => {
  world = await openWorld()
})

const signedIn = (manager = world.staleManager()) =>
  ky.create({ prefix: world.api, retry: 0, hooks: authHooks(manager) })

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

test('a redirect with xc-auth is refused, because a browser hides its target, and not retried', async () => {
  const api = signedIn().extend({ retry: 3 })
  await api('items')
  const path = redirectTo(`${world.other}/open`).slice(1)
  await expect(api(path)).rejects.toMatchObject({ code: 'ERR_REDIRECT_REFUSED' })
  const { seen } = await world.state()
  expect(seen.filter(({ at }) => at === 'other')).toEqual([])
  expect(seen.filter((request) => request.path === '/redirect')).toHaveLength(1)
})
