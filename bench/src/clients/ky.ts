import { authHooks } from '@latchkey/ky'
import ky, { type Hooks, type Options } from 'ky'
import type { World } from '../worlds/world.ts'
import { type Call, type Contender, type Family, PATH, statusOf } from './client.ts'
import { signedIn } from './latchkey.ts'

const bare: Contender = { name: 'bare', connect: (world) => calling(world, {}) }

const constant: Contender = {
  name: 'constant header',
  connect: (world) =>
    calling(world, { headers: { authorization: `Bearer ${world.tokens.accessToken}` } }),
}

const latchkey: Contender = {
  name: 'latchkey',
  connect: async (world) => calling(world, { hooks: authHooks(await signedIn(world)) }),
}

/** Its readme, `hooks.afterResponse`: "Or retry with a fresh token on a 401 error". */
const recipe: Contender = {
  name: "ky's recipe",
  connect(world) {
    let token = world.tokens.accessToken
    const hooks: Hooks = {
      beforeRequest: [({ request }) => request.headers.set('Authorization', `Bearer ${token}`)],
      afterResponse: [
        async ({ request, response, retryCount }) => {
          if (response.status !== 401 || retryCount !== 0) return
          token = (await world.renew()).accessToken
          const headers = new Headers(request.headers)
          headers.set('Authorization', `Bearer ${token}`)
          return ky.retry({ request: new Request(request, { headers }), code: 'TOKEN_REFRESHED' })
        },
      ],
    }
    return calling(world, { hooks })
  },
}

/** On the global `fetch`, as most use ky; nobody else sends anything meanwhile. */
function calling({ origin, fetch, reads }: World, options: Options): Call {
  const api = ky.create(options)
  return async (path = PATH) => {
    globalThis.fetch = fetch
    return statusOf(await api.get(origin + path), reads)
  }
}

export const family: Family = { bare, constant, latchkey, peers: [recipe] }
