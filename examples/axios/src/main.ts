// Who am I, and which bases may I see? With axios.
import { registerAuth } from '@latchkey/axios'
import { nocodbFromEnv } from '@latchkey/nocodb'
import axios from 'axios'

const { NOCODB_URL = '' } = process.env
const noco = nocodbFromEnv(process.env)
const api = axios.create({ baseURL: NOCODB_URL })
registerAuth(api, noco)

interface Bases {
  list: { id: string; title: string }[]
}

const { email } = await noco.me()
const { data } = await api.get<Bases>('api/v2/meta/bases')

console.log(`Signed in to ${NOCODB_URL} as ${email}`)
console.log('Bases:')
for (const { id, title } of data.list) console.log(`  ${id}  ${title}`)
