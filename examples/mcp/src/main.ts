// Calls the tools of an MCP server that requires a token: eight calls after a revocation, one token request.
import { wrapFetch } from '@latchkey/fetch'
import { oauth } from '@latchkey/oauth'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { startServer } from './server.ts'

const server = await startServer()
const { url, issuer, clientId, clientSecret } = server

const manager = oauth({ origin: url, issuer, clientId, clientSecret, clientCredentials: true })
const client = new Client({ name: 'example', version: '1.0.0' })
await client.connect(
  new StreamableHTTPClientTransport(new URL('/mcp', url), { fetch: wrapFetch(manager) }),
)
const { tools } = await client.listTools()
console.log(`Tools: ${tools.map(({ name }) => name).join(', ')}`)

server.revokeTokens()
const before = server.tokenRequests()
const answers = await Promise.all(
  Array.from({ length: 8 }, () => client.callTool({ name: 'whoami' })),
)
console.log(`After a revocation, ${answers.length} calls: ${JSON.stringify(answers[0]?.content)}`)
console.log(`Token requests for them: ${server.tokenRequests() - before}`)

await client.close()
await server.close()
