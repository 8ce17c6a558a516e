// Prints the user's name and the user's bases, with NocoDB's own SDK.
import { sdkFromEnv } from './sdk.ts'

const { api } = sdkFromEnv(process.env)

const { email } = await api.auth.me({})
const bases = await api.base.list()

console.log(`Signed in to ${process.env['NOCODB_URL']} as ${email}`)
console.log('Bases:')
for (const { id = '', title } of bases.list) {
  console.log(`  ${id}  ${title}`)
  const tables = await api.dbTable.list(id)
  for (const table of tables.list) {
    const { count } = await api.dbDataTableRow.count(table.id ?? '')
    console.log(`    ${table.title}: ${count} records`)
  }
}
