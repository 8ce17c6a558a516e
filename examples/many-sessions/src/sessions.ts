import { registerAuth } from '@latchkey/axios'
import { memoryStore, type TokenManager, type TokenStore } from '@latchkey/core'
import { wrapFetch } from '@latchkey/fetch'
import { authHooks } from '@latchkey/ky'
import { nocodb } from '@latchkey/nocodb'
import { oauth } from '@latchkey/oauth'
import { powerAuth } from '@latchkey/powerauth'
import axios from 'axios'
import ky from 'ky'
import type { Servers } from './servers.ts'

/** A session of the app: its owner, its address, and the answer that only its owner gets. */
export interface Session {
  name: string
  manager: TokenManager
  question: string
  answer: string
}

/** Two users of one NocoDB, a machine client of an OAuth server and a PowerAuth token, in one store. */
export function openSessions({ noco, reports, bank }: Servers, store: TokenStore = memoryStore()) {
  const users = noco.users.map(({ email, password }): Session => {
    // One name for each user of a server keeps their sessions apart in the store.
    const manager = nocodb({ baseUrl: noco.url, email, password, store, name: email })
    return { name: email, manager, question: `${noco.url}/api/v1/auth/user/me`, answer: email }
  })

  const machine = oauth({
    origin: reports.url,
    tokenEndpoint: `${reports.url}/token`,
    clientId: reports.clientId,
    clientSecret: reports.clientSecret,
    clientCredentials: true,
    store,
    name: 'machine',
  })

  const tokens = powerAuth({ origin: bank.url, store, createToken: () => bank.createToken() })
  const balance = tokens.token('balance', { authentication: 'possession' })

  const sessions: Session[] = [
    ...users,
    { name: 'machine', manager: machine, question: `${reports.url}/whoami`, answer: 'reports' },
    { name: 'balance', manager: balance, question: `${bank.url}/balance`, answer: 'EUR' },
  ]
  return { sessions, store }
}

/** The request of a session, through each of the three clients. */
export const clients: Record<string, (session: Session) => Promise<string>> = {
  async axios({ manager, question }) {
    const api = axios.create({ responseType: 'text' })
    registerAuth(api, manager)
    return (await api.get<string>(question)).data
  },
  ky: ({ manager, question }) =>
    ky
      .extend({ hooks: authHooks(manager) })(question)
      .text(),
  fetch: async ({ manager, question }) => (await wrapFetch(manager)(question)).text(),
}
