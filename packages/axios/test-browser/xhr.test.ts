import { registerAuth } from '@latchkey/axios'
import { create } from 'axios'
import { beforeEach, describe, expect, test } from 'vitest'
import { openWorld, redirectTo, type World } from '../../testing/test/support/browser-world.ts'

let world: World
beforeEach(async () => {
  world = await openWorld()
})

describe('a redirect with xc-auth to another origin, in a browser', () => {
  async function redirected(adapter?: 'xhr' | 'fetch') {
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

  test('is refused when axios chooses the adapter: fetch is taken then', async () => {
    const { error, foreign } = await redirected()
    expect(error).toMatchObject({ cause: { code: 'ERR_REDIRECT_REFUSED' } })
    expect(foreign).toEqual([])
  })

  test('is followed by an XMLHttpRequest asked for by name, which takes xc-auth along where that server allows it', async () => {
    const { foreign } = await redirected('xhr')
    expect(foreign.map(({ headers }) => 'xc-auth' in headers)).toEqual([true])
  })
})
