import { listen } from '@latchkey/testing/node'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import { introspect } from '../oauth/introspection.ts'

/** A real MCP server over streamable HTTP, whose clients need a token of an OAuth server. */
export interface GuardedMcpServer {
  /** Where clients connect. */
  readonly url: URL
  /** Streams that it has opened to clients, and requests whose token it rejected. */
  readonly counts: { streams: number; rejected: number }
  /** Sends a log message to all clients, each over its open stream. */
  notify(text: string): Promise<void>
  close(): Promise<void>
}

/**
 * Starts a server that keeps a session and a stream for each client. It asks the issuer whether a token is valid (as
 * `client`, if given), and publishes the issuer's address (RFC 9728).
 */
export async function startMcpServer(
  issuer: string,
  client?: { clientId: string; clientSecret: string },
): Promise<GuardedMcpServer> {
  const sessions = new Map<string, Session>()
  const counts = { streams: 0, rejected: 0 }
  const { url, close } = await listen({
    async fetch(request) {
      const { origin, pathname } = new URL(request.url)
      const resource = `${origin}/mcp`
      if (pathname === '/.well-known/oauth-protected-resource/mcp') {
        return Response.json({ resource, authorization_servers: [issuer] })
      }
      const token = request.headers.get('authorization')?.replace(/^Bearer /, '') ?? ''
      const { active, sub, aud = resource } = await introspect(issuer, token, client)
      if (!active || aud !== resource) {
        counts.rejected += 1
        const metadata = `${origin}/.well-known/oauth-protected-resource/mcp`
        const challenge = `Bearer error="invalid_token", resource_metadata="${metadata}"`
        return new Response(null, { status: 401, headers: { 'www-authenticate': challenge } })
      }
      const known = sessions.get(request.headers.get('mcp-session-id') ?? '')
      const { transport } = known ?? (await openSession(sessions, sub ?? ''))
      const response = await transport.handleRequest(request)
      if (request.method === 'GET') counts.streams += 1
      return response
    },
  })
  return {
    url: new URL('/mcp', url),
    counts,
    async notify(text) {
      const params = { level: 'info', data: text } as const
      await Promise.all(
        [...sessions.values()].map(({ server }) => server.sendLoggingMessage(params)),
      )
    },
    async close() {
      await Promise.all([...sessions.values()].map(({ server }) => server.close()))
      await close()
    },
  }
}

interface Session {
  readonly server: McpServer
  readonly transport: WebStandardStreamableHTTPServerTransport
}

async function openSession(sessions: Map<string, Session>, user: string): Promise<Session> {
  const server = new McpServer(
    { name: 'whoami', version: '1.0.0' },
    { capabilities: { logging: {} } },
  )
  server.registerTool('whoami', { description: 'Returns the name of the caller.' }, () => ({
    content: [{ type: 'text', text: user }],
  }))
  const transport = new WebStandardStreamableHTTPServerTransport({
    sessionIdGenerator: () => crypto.randomUUID(),
    onsessioninitialized: (id) => void sessions.set(id, { server, transport }),
  })
  await server.connect(transport)
  return { server, transport }
}
