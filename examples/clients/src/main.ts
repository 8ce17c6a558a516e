// Prints the user's name and bases, with axios, ky or fetch: npm run example clients ky
import { registerAuth } from '@latchkey/axios'
import { wrapFetch } from '@latchkey/fetch'
import { authHooks } from '@latchkey/ky'
import { nocodbFromEnv } from '@latchkey/nocodb'
import axios from 'axios'
import ky from 'ky'

interface Bases {
  list: { id: string; title: string }[]
}

const { NOCODB_URL = '' } = process.env
const path = 'api/v2/meta/bases'
const noco = nocodbFromEnv(process.env)

const clients: Record<string, () => Promise<Bases>> = {
  async axios() {
    const api = axios.create({ baseURL: NOCODB_URL })
    registerAuth(api, noco)
    return (await api.get<Bases>(path)).data
  },
  async ky() {
    const api = ky.extend({ prefix: NOCODB_URL, hooks: authHooks(noco) })
    return api.get(path).json<Bases>()
  },
  async fetch() {
    const api = wrapFetch(noco)
    const response = await api(`${NOCODB_URL}/${path}`)
    if (!response.ok) throw noco.explain(response) ?? new Error(`NocoDB: ${response.status}`)
    return (await response.json()) as Bases
  },
}

const [name = 'axios'] = process.argv.slice(2)
const read = clients[name]
if (!read) throw new Error(`Unknown client ${name}. Known: ${Object.keys(clients).join(', ')}`)

const { email } = await noco.me()
const { list } = await read()

console.log(`Signed in to ${NOCODB_URL} as ${email}`)
console.log('Bases:')
for (const { id, title } of list) console.log(`  ${id}  ${title}`)
