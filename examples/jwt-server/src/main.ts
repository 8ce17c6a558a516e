// A REST API secured with access tokens, and a client that stays signed in. The program ends by itself.
import { serve } from '@hono/node-server'
import { createApi } from './api.ts'
import { createClient } from './client.ts'

const ada = { username: 'ada', password: 'correct horse battery staple' }
const scopes = ['notes:read', 'notes:write']
const { fetch: answer, counts } = await createApi({
  users: [{ name: ada.username, password: ada.password, scopes }],
  accessLifeS: 2,
})
const server = serve({ fetch: answer, hostname: '127.0.0.1', port: 0 })
await new Promise((resolve) => server.once('listening', resolve))
const { port } = server.address() as { port: number }
const baseUrl = `http://127.0.0.1:${port}`

const { session, api } = createClient(baseUrl)
session.on('signedOut', ({ reason }) => console.log(`  (signed out: ${reason})`))

console.log('Without a token:')
const bare = await fetch(`${baseUrl}/notes`)
console.log(`  ${bare.status}, WWW-Authenticate: ${bare.headers.get('www-authenticate')}`)

console.log('Signed in, while access tokens of two seconds expire:')
await session.signIn(ada)
const statuses = new Set<number>()
let requests = 0
while (counts.refreshes < 2) {
  const sent = await Promise.all(Array.from({ length: 5 }, () => api(`${baseUrl}/notes`)))
  for (const { status } of sent) statuses.add(status)
  requests += sent.length
  await new Promise((resolve) => setTimeout(resolve, 100))
}
console.log(`  ${requests} requests, all answered ${[...statuses].join(', ')}`)
console.log(`  ${counts.signIns} sign-in, ${counts.refreshes} refreshes`)

console.log('A right that ada does not have:')
const denied = await api(`${baseUrl}/notes`, { method: 'DELETE' })
console.log(`  ${denied.status}, WWW-Authenticate: ${denied.headers.get('www-authenticate')}`)
console.log(`  still signed in: ${await session.isSignedIn()}`)

console.log('Signing out revokes the access token, wherever it was copied to:')
const copied = await session.getTokens()
await session.signOut()
const revoked = await fetch(`${baseUrl}/notes`, {
  headers: { authorization: `Bearer ${copied.accessToken}` },
})
console.log(`  ${revoked.status}, WWW-Authenticate: ${revoked.headers.get('www-authenticate')}`)

console.log('A stolen refresh token, used after its owner used it, ends the session:')
await session.signIn(ada)
const { refreshToken } = await session.getTokens()
await session.refresh()
const theft = await fetch(`${baseUrl}/auth/refresh`, {
  method: 'POST',
  body: JSON.stringify({ refresh_token: refreshToken }),
})
console.log(`  the thief gets ${theft.status}`)
const after = await api(`${baseUrl}/notes`)
console.log(`  its owner gets ${after.status}: ${session.explain(after)?.code}`)

server.close()
