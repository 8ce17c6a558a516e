import { wrapFetch } from '@latchkey/fetch'
import { oauth } from '@latchkey/oauth'
import { discoverResource, registerClient } from '@latchkey/oauth/discovery'
import { signInWithBrowser } from '@latchkey/oauth/node'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { expect, onTestFinished, test } from 'vitest'
import { clients } from '../oauth-conformance/target.ts'
import { startMcpServer } from '../src/mcp/server.ts'
import { browse } from '../src/oauth/browser.ts'
import { startConformanceServer } from '../src/oauth/conformance-server.ts'

test('with only the address of an MCP server a person signs in and calls a tool', async () => {
  const issuing = await startConformanceServer(clients, { requireDpopNonce: false })
  onTestFinished(() => issuing.close())
  const mcp = await startMcpServer(issuing.issuer, clients.machine)
  onTestFinished(() => mcp.close())

  const found = await discoverResource(mcp.url.href)
  expect(found).toEqual({ origin: mcp.url.origin, issuer: issuing.issuer, resource: mcp.url.href })
  const registered = await registerClient(found.issuer, { clientName: 'A test' })
  const manager = oauth({ ...found, ...registered, scope: 'openid read' })
  await signInWithBrowser(manager, { open: (url) => browse(url) })

  const client = new Client({ name: 'test', version: '1.0.0' })
  await client.connect(new StreamableHTTPClientTransport(mcp.url, { fetch: wrapFetch(manager) }))
  onTestFinished(() => client.close())
  const answer = await client.callTool({ name: 'whoami' })
  expect(answer.content).toEqual([{ type: 'text', text: 'ada' }])
})
