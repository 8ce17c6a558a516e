import { registerAuth } from '@latchkey/axios'
import { bearer, createTokenManager, type TokenManager } from '@latchkey/core'
import { wrapFetch } from '@latchkey/fetch'
import { authHooks } from '@latchkey/ky'
import { type AxiosAdapter, AxiosError, create } from 'axios'
import ky from 'ky'

const ORIGIN = 'https://bench.test'
const PATH = '/items'

/** Answers at once, so that all that is measured is the client and what stands around it. */
export type Server = (token: string | null) => number

/** One client on a stub transport, bare or signed in by `manager`. */
export type Call = () => Promise<unknown>

export const clientNames = ['fetch', 'ky', 'axios'] as const
export type ClientName = (typeof clientNames)[number]

export function makeClient(name: ClientName, server: Server, manager?: TokenManager): Call {
  const send = stubFetch(server)
  if (name === 'fetch') {
    const api = manager ? wrapFetch(manager, { fetch: send }) : send
    return () => api(ORIGIN + PATH)
  }
  if (name === 'ky') {
    const api = ky.create({ fetch: send, retry: 0, ...(manager && { hooks: authHooks(manager) }) })
    return () => api.get(ORIGIN + PATH)
  }
  const api = create({ adapter: stubAdapter(server), baseURL: ORIGIN })
  if (manager) registerAuth(api, manager)
  return () => api.get(PATH)
}

/** A manager whose only grant counts how often it is asked. */
export function makeManager(): { manager: TokenManager; renewals: () => number } {
  let count = 0
  const manager = createTokenManager({
    origin: ORIGIN,
    scheme: bearer(),
    grants: [
      {
        name: 'bench',
        request: () => {
          count += 1
          return Promise.resolve({ accessToken: `token-${count}` })
        },
      },
    ],
  })
  return { manager, renewals: () => count }
}

function stubFetch(server: Server): typeof fetch {
  return (input, init) => {
    const headers = input instanceof Request ? input.headers : new Headers(init?.headers)
    const status = server(headers.get('authorization'))
    return Promise.resolve(new Response('[]', { status }))
  }
}

function stubAdapter(server: Server): AxiosAdapter {
  return (config) => {
    const status = server(config.headers.get('authorization') as string | null)
    const response = { data: '[]', status, statusText: '', headers: {}, config, request: {} }
    if (status < 400) return Promise.resolve(response)
    return Promise.reject(
      new AxiosError(
        `Request failed with ${status}`,
        AxiosError.ERR_BAD_REQUEST,
        config,
        {},
        response,
      ),
    )
  }
}
