// One of several processes whose MCP clients share a session in a directory: started by mcp-processes.test.ts on the
// built packages. Its arguments: the MCP server, the issuer, the directory and the session's name; OAUTH_CLIENT holds the
// client. It sends `ready` when it is connected, and after each message to it what the tool `whoami` answered.
import process from 'node:process'
import { wrapFetch } from '@latchkey/fetch'
import { oauth } from '@latchkey/oauth'
import { fileStore } from '@latchkey/stores/file'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'

const [url = '', issuer = '', directory = '', name = ''] = process.argv.slice(2)
const client = JSON.parse(process.env['OAUTH_CLIENT'] ?? '') as { clientId: string }
const store = fileStore({ directory })
const manager = oauth({ origin: new URL(url).origin, issuer, ...client, store, name })
const mcp = new Client({ name: 'worker', version: '1.0.0' })
await mcp.connect(new StreamableHTTPClientTransport(new URL(url), { fetch: wrapFetch(manager) }))
process.on('message', () => {
  const answer = mcp.callTool({ name: 'whoami' }).catch(String)
  void answer.then((given) => process.send?.(JSON.stringify(given)))
})
process.send?.('ready')
