import { wrapFetch } from '@latchkey/fetch'
import { finishSignIn, type OAuth, oauth, startSignIn } from '@latchkey/oauth'
import * as next from '@modelcontextprotocol/client'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { LoggingMessageNotificationSchema } from '@modelcontextprotocol/sdk/types.js'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { type GuardedMcpServer, startMcpServer } from '../src/mcp/server.ts'
import { browse } from '../src/oauth/browser.ts'
import { app, callback, type OAuthServer, startOAuthServer } from '../src/oauth/server.ts'

let issuing: OAuthServer
let mcp: GuardedMcpServer

beforeAll(async () => {
  issuing = await startOAuthServer()
  mcp = await startMcpServer(issuing.url)
})
afterAll(async () => {
  await mcp.close()
  await issuing.close()
})
beforeEach(() => {
  Object.assign(issuing.noticed, { consumed: 0, revoked: 0, refused: [] })
})

/** A session of ada's with the MCP server. */
async function signedIn(): Promise<OAuth> {
  const manager = oauth({ origin: mcp.url.origin, issuer: issuing.url, ...app, scope: 'openid' })
  const { url, pending } = await startSignIn(manager, { redirectUri: callback })
  await finishSignIn(manager, await browse(url, callback), { pending })
  return manager
}

const info = { name: 'latchkey', version: '1.0.0' }
const clients = {
  async '@modelcontextprotocol/sdk'(manager: OAuth) {
    const client = new Client(info)
    await client.connect(new StreamableHTTPClientTransport(mcp.url, { fetch: wrapFetch(manager) }))
    return client
  },
  async '@modelcontextprotocol/client'(manager: OAuth) {
    const client = new next.Client(info)
    const options = { fetch: wrapFetch(manager) }
    await client.connect(new next.StreamableHTTPClientTransport(mcp.url, options))
    return client
  },
}

describe.each(Object.entries(clients))('%s under wrapFetch()', (_, connect) => {
  async function connected() {
    const manager = await signedIn()
    const client = await connect(manager)
    onTestFinished(() => client.close())
    const whoami = async () => (await client.callTool({ name: 'whoami' })).content
    return { manager, client, whoami }
  }
  const ada = [{ type: 'text', text: 'ada' }]

  test('calls a tool as the user who has signed in', async () => {
    const { whoami } = await connected()
    expect(await whoami()).toEqual(ada)
  })

  test('8 calls at once after a revocation make one renewal, and all are answered', async () => {
    const { whoami } = await connected()
    issuing.expireAccessTokens()
    const rejectedBefore = mcp.counts.rejected
    const answers = await Promise.all(Array.from({ length: 8 }, whoami))
    expect(answers).toHaveLength(8)
    expect(answers).toEqual(Array.from(answers, () => ada))
    expect(mcp.counts.rejected).toBeGreaterThan(rejectedBefore)
    expect(issuing.noticed).toEqual({ consumed: 1, revoked: 0, refused: [] })
  })

  test('after a session has ended, calls fail with a message that says what to do', async () => {
    const { manager, whoami } = await connected()
    await manager.signOut()
    await expect(whoami()).rejects.toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
  })
})

test('messages on the server’s stream arrive at once', async () => {
  const client = new Client(info)
  const arrived = new Promise((resolve) => {
    client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) =>
      resolve(params.data),
    )
  })
  const { streams } = mcp.counts
  const manager = await signedIn()
  await client.connect(new StreamableHTTPClientTransport(mcp.url, { fetch: wrapFetch(manager) }))
  onTestFinished(() => client.close())
  await expect.poll(() => mcp.counts.streams).toBe(streams + 1)
  await mcp.notify('something has happened')
  expect(await arrived).toBe('something has happened')
})
