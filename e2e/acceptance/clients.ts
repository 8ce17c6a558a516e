import { registerAuth } from '@latchkey/axios'
import type { Authorizer } from '@latchkey/core/adapter'
import { wrapFetch } from '@latchkey/fetch'
import { authHooks } from '@latchkey/ky'
import { create } from 'axios'
import ky from 'ky'

/** A client in its own idiom; what it cannot get with a 2xx it rejects, its own way. */
export interface Client {
  readonly name: string
  /** @returns the status of a read. */
  get(url: string): Promise<number>
}

export function axiosOf(manager: Authorizer): Client {
  const api = create()
  registerAuth(api, manager)
  return { name: 'axios', get: async (url) => (await api.get(url)).status }
}

export function kyOf(manager: Authorizer): Client {
  const api = ky.extend({ hooks: authHooks(manager), retry: 0 })
  return { name: 'ky', get: async (url) => drained(await api.get(url)) }
}

export function fetchOf(manager: Authorizer): Client {
  const api = wrapFetch(manager)
  return {
    name: 'fetch',
    async get(url) {
      const response = await api(url)
      if (!response.ok) throw new Error(`HTTP ${response.status}`, { cause: { response } })
      return drained(response)
    },
  }
}

/** All three, sharing one manager. */
export function clientsOf(manager: Authorizer): Client[] {
  return [axiosOf(manager), kyOf(manager), fetchOf(manager)]
}

/** `count` reads at once, shared out among the clients. @returns the statuses that occurred. */
export async function burst(clients: Client[], url: string, count: number): Promise<number[]> {
  const rounds = Array.from({ length: Math.ceil(count / clients.length) }, () => clients)
  const sent = rounds.flat().slice(0, count)
  return [...new Set(await Promise.all(sent.map((client) => client.get(url))))]
}

async function drained(response: Response): Promise<number> {
  await response.text()
  return response.status
}
