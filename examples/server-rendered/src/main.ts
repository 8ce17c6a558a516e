// Pages rendered on a server, for a NocoDB. Each visitor has a separate session.
import { serve } from '@hono/node-server'
import { createApp } from './app.ts'
import { cookieSessions, storedSessions } from './sessions.ts'

const { NOCODB_URL = '', PORT = '3000' } = process.env
const options = { baseUrl: NOCODB_URL }
const onServer = process.argv.includes('--on-server')
const sessions = onServer ? storedSessions(options) : cookieSessions(options)

const { fetch } = createApp(NOCODB_URL, sessions)
serve({ fetch, hostname: 'localhost', port: Number(PORT) }, ({ port }) => {
  console.log(`Open http://localhost:${port} (Ctrl-C ends it)`)
})
