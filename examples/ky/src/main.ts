// Who am I, and which bases may I see? With ky.
import { authHooks } from '@latchkey/ky'
import { nocodbFromEnv } from '@latchkey/nocodb'
import ky from 'ky'

const { NOCODB_URL = '' } = process.env
const noco = nocodbFromEnv(process.env)
const api = ky.extend({ prefix: NOCODB_URL, hooks: authHooks(noco) })

interface Bases {
  list: { id: string; title: string }[]
}

const { email } = await noco.me()
const { list } = await api.get('api/v2/meta/bases').json<Bases>()

console.log(`Signed in to ${NOCODB_URL} as ${email}`)
console.log('Bases:')
for (const { id, title } of list) console.log(`  ${id}  ${title}`)
