import { registerAuth } from '@latchkey/axios'
import { type AxiosError, type AxiosInstance, create } from 'axios'
import { type AxiosAuthRefreshOptions, createAuthRefresh } from 'axios-auth-refresh'
import { applyAuthTokenInterceptor, setAuthTokens } from 'axios-jwt'
import type { World } from '../worlds/world.ts'
import { type Call, type Contender, type Family, PATH } from './client.ts'
import { signedIn } from './latchkey.ts'

const bare: Contender = { name: 'bare', connect: (world) => calling(instanceFor(world)) }

const constant: Contender = {
  name: 'constant header',
  connect(world) {
    const api = instanceFor(world)
    api.defaults.headers.common.authorization = `Bearer ${world.tokens.accessToken}`
    return calling(api)
  },
}

const latchkey: Contender = {
  name: 'latchkey',
  async connect(world) {
    const api = instanceFor(world)
    registerAuth(api, await signedIn(world))
    return calling(api)
  },
}

/** It keeps its one session in a storage of the whole process. */
const axiosJwt: Contender = {
  name: 'axios-jwt',
  async connect(world) {
    const storage = new Map<string, string>()
    const api = instanceFor(world)
    applyAuthTokenInterceptor(api as never, {
      // A fifth of a short life, as we do; its own 10 seconds would renew 2-second tokens on each call.
      tokenExpireFudge: Math.min(10, (world.tokens.expiresAt - Date.now()) / 5_000),
      requestRefresh: () => world.renew(),
      getStorage: () => ({
        get: async (key) => storage.get(key) ?? null,
        set: async (key, value) => void storage.set(key, value),
        remove: async (key) => void storage.delete(key),
      }),
    })
    await setAuthTokens(world.tokens)
    return calling(api)
  },
}

/** It only renews; the header is set as its readme does, in an interceptor. */
const authRefresh = (name: string, options: AxiosAuthRefreshOptions): Contender => ({
  name,
  connect(world) {
    let token = world.tokens.accessToken
    const api = instanceFor(world)
    api.interceptors.request.use((config) => {
      config.headers.Authorization = `Bearer ${token}`
      return config
    })
    const renew = async ({ response }: AxiosError) => {
      token = (await world.renew()).accessToken
      response?.config.headers.set('Authorization', `Bearer ${token}`)
    }
    createAuthRefresh(api as never, renew, options)
    return calling(api)
  },
})

// Peers take an instance of axios' CommonJS types, which TypeScript holds to be another.
function instanceFor({ origin, adapter }: World): AxiosInstance {
  return create({ baseURL: origin, ...(adapter && { adapter }) })
}

function calling(api: AxiosInstance): Call {
  return async (path = PATH) => (await api.get(path)).status
}

export const family: Family = {
  bare,
  constant,
  latchkey,
  peers: [
    axiosJwt,
    authRefresh('axios-auth-refresh', {}),
    authRefresh('axios-auth-refresh, deduplicateRefresh: false', { deduplicateRefresh: false }),
  ],
}
