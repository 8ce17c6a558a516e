import { registerAuth } from '@latchkey/axios'
import { create, getAdapter } from 'axios'
import { beforeEach, describe, expect, test } from 'vitest'
import { openWorld, redirectTo, type World } from '../../testing/test/support/browser-world.ts'

let world: World
beforeEach(async () => {
  world = await openWorld()
})

describe('a redirect with xc-auth to another origin, in a browser', () => {
  async function redirected(adapter?: 'fetch') {
    const api = create({ baseURL: world.api, ...(adapter && { adapter }) })
    registerAuth(api, world.staleManager())
    await api.get('/items')
    const error = await api
      .get(redirectTo(`${world.other}/open`))
      .catch((reason: unknown) => reason)
    const { seen } = await world.state()
    return { error, foreign: seen.filter(({ at }) => at === 'other') }
  }

  test('is refused with the fetch adapter: ERR_REDIRECT_REFUSED, and nothing is sent there', async () => {
    const { error, foreign } = await redirected('fetch')
    expect(error).toMatchObject({ cause: { code: 'ERR_REDIRECT_REFUSED' } })
    expect(foreign).toEqual([])
  })

  test('is refused when axios chooses the adapter, because it then uses fetch', async () => {
    const { error, foreign } = await redirected()
    expect(error).toMatchObject({ cause: { code: 'ERR_REDIRECT_REFUSED' } })
    expect(foreign).toEqual([])
  })
})

describe('an XMLHttpRequest chosen by name, in a browser', () => {
  test.each([
    ['its name', 'xhr'],
    ['its function', getAdapter('xhr')],
  ] as const)(
    'with xc-auth is not sent, and the error says what to do: by %s',
    async (_, adapter) => {
      const api = create({ baseURL: world.api, adapter })
      registerAuth(api, world.staleManager())
      await expect(api.get('/items')).rejects.toMatchObject({
        code: 'ERR_UNSAFE_TRANSPORT',
        message: expect.stringContaining("`adapter: 'fetch'`"),
      })
      const { seen } = await world.state()
      expect(seen.filter(({ path }) => path === '/items')).toEqual([])
    },
  )

  test("is sent to another origin, without the manager's token, whatever the caller's headers", async () => {
    const api = create({ baseURL: world.other, adapter: 'xhr', headers: { 'x-mine': '1' } })
    registerAuth(api, world.staleManager())
    expect((await api.get('/open')).status).toBe(200)
  })
})
