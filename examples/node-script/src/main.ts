// Counts the records of all tables. It signs in once; later runs continue the session, without the password.
import { wrapFetch } from '@latchkey/fetch'
import { nocodbFromEnv } from '@latchkey/nocodb'
import { fileStore } from '@latchkey/stores/file'

const { NOCODB_URL = '' } = process.env
const noco = nocodbFromEnv(process.env, { store: fileStore() })
const api = wrapFetch(noco)
noco.on('renewed', ({ grant }) => console.log(`(a new token, by ${grant})`))

if (process.argv.includes('--sign-out')) {
  await noco.signOut()
  console.log(`Signed out of ${NOCODB_URL}`)
} else {
  await report()
}

async function report(): Promise<void> {
  const { email } = await noco.me()
  console.log(`Signed in to ${NOCODB_URL} as ${email}`)
  const { list: bases } = await read<{ list: Titled[] }>('meta/bases')
  for (const base of bases) {
    const { list: tables } = await read<{ list: Titled[] }>(`meta/bases/${base.id}/tables`)
    for (const { id, title } of tables) {
      const { count } = await read<{ count: number }>(`tables/${id}/records/count`)
      console.log(`  ${base.title}, ${title}: ${count} records`)
    }
  }
}

interface Titled {
  id: string
  title: string
}

async function read<Body>(path: string): Promise<Body> {
  const response = await api(`${NOCODB_URL}/api/v2/${path}`)
  if (!response.ok) throw noco.explain(response) ?? new Error(`NocoDB answered ${response.status}`)
  return (await response.json()) as Body
}
