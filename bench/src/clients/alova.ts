import { createAlova } from 'alova'
import * as alovaClient from 'alova/client'
import adapterFetch from 'alova/fetch'
import type { World } from '../worlds/world.ts'
import { type Call, type Contender, type Family, PATH, statusOf } from './client.ts'

/** Its typings lack their file extensions, so under `nodenext` they are empty. */
interface TokenAuthentication {
  createServerTokenAuthentication(options: {
    assignToken(method: { config: { headers: Record<string, string> } }): void
    refreshTokenOnSuccess: {
      isExpired(response: Response): boolean
      handler(): Promise<void>
    }
  }): {
    onAuthRequired(): never
    onResponseRefreshToken(responded: (response: Response) => Response): never
  }
}

const { createServerTokenAuthentication } = alovaClient as unknown as TokenAuthentication

type Options = Partial<Parameters<typeof createAlova>[0]>

const bare: Contender = { name: 'bare', connect: (world) => calling(world, {}) }

const constant: Contender = {
  name: 'constant header',
  connect(world) {
    const value = `Bearer ${world.tokens.accessToken}`
    return calling(world, {
      beforeRequest: ({ config }) => void (config.headers.authorization = value),
    })
  },
}

const tokenAuthentication: Contender = {
  name: "alova's token authentication",
  connect(world) {
    let token = world.tokens.accessToken
    const { onAuthRequired, onResponseRefreshToken } = createServerTokenAuthentication({
      assignToken: ({ config }) => void (config.headers.authorization = `Bearer ${token}`),
      refreshTokenOnSuccess: {
        isExpired: ({ status }) => status === 401,
        handler: async () => void (token = (await world.renew()).accessToken),
      },
    })
    return calling(world, {
      beforeRequest: onAuthRequired(),
      responded: onResponseRefreshToken((response) => response),
    })
  },
}

/** It answers a GET from memory, and shares equal ones, unless told otherwise. */
function calling({ origin, fetch, reads }: World, options: Options): Call {
  const api = createAlova({
    baseURL: origin,
    requestAdapter: adapterFetch({ customFetch: fetch }) as never,
    cacheFor: null as never,
    shareRequest: false,
    ...options,
  })
  return async (path = PATH) => statusOf(await api.Get<Response>(path), reads)
}

export const family: Family = { bare, constant, peers: [tokenAuthentication] }
