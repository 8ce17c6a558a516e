import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CANARY } from '../../../packages/powerauth/test/support/power-auth-double.ts'

/** An OAuth server with one machine client, and the API that takes its tokens, at one origin. */
export async function startMachineServer() {
  const client = { clientId: 'reports', clientSecret: `${CANARY}-machine` }
  const issued = new Set<string>()
  const counts = { issued: 0, accepted: 0, refused: 0 }
  const seen: IncomingHttpHeaders[] = []
  const server = createServer(({ url, headers }, response) => {
    const answer = (status: number, body: object, more: Record<string, string> = {}) =>
      response
        .writeHead(status, { 'content-type': 'application/json', ...more })
        .end(JSON.stringify(body))
    if (url === '/token') {
      if (!isClient(client, headers.authorization)) return answer(401, { error: 'invalid_client' })
      const token = `${CANARY}-machine-${(counts.issued += 1)}`
      issued.add(token)
      return answer(200, { access_token: token, token_type: 'Bearer', expires_in: 3600 })
    }
    seen.push(headers)
    if (issued.has(headers.authorization?.replace('Bearer ', '') ?? '')) {
      counts.accepted += 1
      return answer(200, { client: client.clientId })
    }
    counts.refused += 1
    const challenge = { 'www-authenticate': 'Bearer error="invalid_token"' }
    return answer(401, { error: 'invalid_token' }, challenge)
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    client,
    counts,
    seen,
    /** No token issued so far is good any more. */
    revoke: () => issued.clear(),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => void server.close(resolve))
    },
  }
}

/** RFC 6749 section 2.3.1: both halves are form-encoded before they are joined. */
function isClient(
  { clientId, clientSecret }: { clientId: string; clientSecret: string },
  header = '',
): boolean {
  const halves = atob(header.replace('Basic ', '')).split(':')
  return halves.map(decodeURIComponent).join(':') === `${clientId}:${clientSecret}`
}
