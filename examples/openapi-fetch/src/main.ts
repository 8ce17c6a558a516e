// Prints the user's name and the user's bases, with openapi-fetch.
import { clientFromEnv } from './client.ts'

const { noco, api } = clientFromEnv(process.env)

const { email } = await noco.me()
const bases = dataOf(await api.GET('/api/v2/meta/bases'))

console.log(`Signed in to ${process.env['NOCODB_URL']} as ${email}`)
console.log('Bases:')
for (const { id: baseId, title } of bases.list) {
  console.log(`  ${baseId}  ${title}`)
  const ofBase = { params: { path: { baseId } } }
  const tables = dataOf(await api.GET('/api/v2/meta/bases/{baseId}/tables', ofBase))
  for (const table of tables.list) {
    const ofTable = { params: { path: { tableId: table.id }, query: { limit: 1 } } }
    const { pageInfo } = dataOf(await api.GET('/api/v2/tables/{tableId}/records', ofTable))
    console.log(`    ${table.title}: ${pageInfo.totalRows} records`)
  }
}

interface Answer<Data> {
  data?: Data
  error?: { message: string }
  response: Response
}

/** openapi-fetch does not throw for any status. `explain()` returns the reason of a 401. */
function dataOf<Data>({ data, error, response }: Answer<Data>): Data {
  if (data !== undefined) return data
  throw noco.explain(response) ?? new Error(error?.message ?? `NocoDB answered ${response.status}`)
}
