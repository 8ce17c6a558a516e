import { createOAuthDouble } from '@latchkey/testing'
import { listen } from '@latchkey/testing/node'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'

/** A real MCP server over streamable HTTP. A double of an OAuth server accepts every request with a valid token. */
export async function startServer() {
  const double = createOAuthDouble({ api: (request, { sub }) => answer(request, sub) })
  const credentials = { clientId: 'example', clientSecret: 'not a secret' }
  double.control.addClient(credentials)
  const { url, close } = await listen(double)
  return {
    url,
    issuer: url,
    ...credentials,
    revokeTokens: () => double.control.revokeAccessTokens(),
    tokenRequests: () => double.control.counts().tokenRequests,
    close,
  }
}

/** It has no sessions, so each request gets its own server. */
async function answer(request: Request, sub: string): Promise<Response> {
  const server = new McpServer({ name: 'example', version: '1.0.0' })
  server.registerTool('whoami', { description: 'Says who calls.' }, () => ({
    content: [{ type: 'text', text: sub }],
  }))
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true })
  await server.connect(transport)
  return transport.handleRequest(request)
}
