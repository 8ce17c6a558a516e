// Who am I, and which bases may I see? With fetch.
import { wrapFetch } from '@latchkey/fetch'
import { nocodbFromEnv } from '@latchkey/nocodb'

const { NOCODB_URL = '' } = process.env
const noco = nocodbFromEnv(process.env)
const api = wrapFetch(noco)

interface Bases {
  list: { id: string; title: string }[]
}

const { email } = await noco.me()
const response = await api(`${NOCODB_URL}/api/v2/meta/bases`)
if (!response.ok) throw noco.explain(response) ?? new Error(`NocoDB answered ${response.status}`)
const { list } = (await response.json()) as Bases

console.log(`Signed in to ${NOCODB_URL} as ${email}`)
console.log('Bases:')
for (const { id, title } of list) console.log(`  ${id}  ${title}`)
