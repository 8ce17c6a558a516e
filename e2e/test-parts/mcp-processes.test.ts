import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { finishSignIn, oauth, startSignIn } from '@latchkey/oauth'
import { fileStore } from '@latchkey/stores/file'
import { expect, onTestFinished, test } from 'vitest'
import { endProcess } from '../src/processes/child-process.ts'
import { startMcpServer } from '../src/mcp/server.ts'
import { browse } from '../src/oauth/browser.ts'
import { app, callback, startOAuthServer } from '../src/oauth/server.ts'

const script = fileURLToPath(new URL('../src/mcp/worker.ts', import.meta.url))

test('six processes on one file store make one renewal after a revocation, and all are answered', async () => {
  const issuing = await startOAuthServer()
  onTestFinished(() => issuing.close())
  const mcp = await startMcpServer(issuing.url)
  onTestFinished(() => mcp.close())
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'latchkey-mcp-')))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const issuer = issuing.url
  const store = fileStore({ directory })
  const scope = 'openid'
  const manager = oauth({ origin: mcp.url.origin, issuer, ...app, scope, store, name: 'ada' })
  const { url, pending } = await startSignIn(manager, { redirectUri: callback })
  await finishSignIn(manager, await browse(url, callback), { pending })

  const env = { ...process.env, OAUTH_CLIENT: JSON.stringify(app) }
  const workers = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const worker = fork(script, [mcp.url.href, issuer, directory, 'ada'], { execArgv: [], env })
      onTestFinished(() => endProcess(worker))
      const [message] = await once(worker, 'message')
      expect(message).toBe('ready')
      return worker
    }),
  )
  issuing.expireAccessTokens()
  const answers = workers.map(async (worker) => {
    const answered = once(worker, 'message')
    worker.send('call')
    const [answer] = await answered
    return String(answer)
  })
  const ada = JSON.stringify({ content: [{ type: 'text', text: 'ada' }] })
  expect(await Promise.all(answers)).toEqual(Array(6).fill(ada))
  expect(issuing.noticed).toEqual({ consumed: 1, revoked: 0, refused: [] })
})
