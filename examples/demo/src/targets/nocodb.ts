import { wrapFetch } from '@latchkey/fetch'
import { nocodb } from '@latchkey/nocodb'
import { notesCalls } from './notes-table.ts'
import type { Target } from './target.ts'

const LIFETIME_MS = 3_000

/** Starts a real NocoDB server from its npm package, in a separate process. */
export async function openNocoDB(say: (line: string) => void): Promise<Target> {
  // Loaded only here, because no other target needs the code that installs and starts it.
  const { startNocoDB } = await import('@latchkey/e2e/nocodb-server')
  const server = await startNocoDB({
    accessTokenLifetimeMs: LIFETIME_MS,
    onProgress: (line) => say(`  ${line}`),
  })
  try {
    const tableId = await createTable(server.url, server.admin)
    return {
      about: [
        `NocoDB 0.301.3, the real server, at ${server.url}, ${LIFETIME_MS / 1000}-second tokens`,
        `as ${server.admin.email} with a password`,
      ],
      url: `${server.url}/`,
      tickMs: 100,
      calls: notesCalls(tableId),
      connect: (options) => nocodb({ ...options, ...server.admin, baseUrl: server.url }),
      close: () => server.stop(),
    }
  } catch (error) {
    await server.stop()
    throw error
  }
}

/** Uses a separate session, so that the run records its own session from the first sign-in. */
async function createTable(
  url: string,
  user: { email: string; password: string },
): Promise<string> {
  const manager = nocodb({ baseUrl: url, ...user })
  const api = wrapFetch(manager)
  const post = async (path: string, body: object): Promise<string> => {
    const response = await api(`${url}/api/v2/meta/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`NocoDB answered ${response.status} to POST ${path}`)
    const { id } = (await response.json()) as { id: string }
    return id
  }
  const baseId = await post('bases', { title: 'Latchkey demo' })
  const columns = [{ title: 'Title', column_name: 'title', uidt: 'SingleLineText' }]
  const table = { title: 'Notes', table_name: 'notes', columns }
  const tableId = await post(`bases/${baseId}/tables`, table)
  manager.dispose()
  return tableId
}
