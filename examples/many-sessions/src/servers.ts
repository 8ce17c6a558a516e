import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { createAdaptorServer } from '@hono/node-server'
import { createNocoDBDouble } from '@latchkey/testing'
import { listen } from '@latchkey/testing/node'
import { Hono } from 'hono'

export type Servers = Awaited<ReturnType<typeof startServers>>

/** Three servers on this machine: a NocoDB, an OAuth server with its API, a bank with PowerAuth tokens. */
export async function startServers() {
  const noco = await startNocoDB()
  const reports = await startReports()
  const bank = await startBank()
  const close = () => Promise.all([noco.close(), reports.close(), bank.close()])
  return { noco, reports, bank, close }
}

async function startNocoDB() {
  const { fetch, control } = createNocoDBDouble()
  const server = await listen({ fetch })
  const users = ['ada', 'grace'].map((name) => ({
    email: `${name}@example.com`,
    password: randomUUID(),
  }))
  for (const user of users) control.addUser(user)
  return {
    ...server,
    users,
    counts: control.counts,
    expire: () => users.forEach(({ email }) => control.revokeAccessTokens(email)),
  }
}

/** Issues tokens to its one client (RFC 6749 section 4.4), and answers with their owner. */
async function startReports() {
  const [clientId, clientSecret] = ['reports', randomUUID()]
  const issued = new Set<string>()
  const app = new Hono()
  let count = 0
  app.post('/token', (c) => {
    if (c.req.header('authorization') !== `Basic ${btoa(`${clientId}:${encode(clientSecret)}`)}`) {
      return c.json({ error: 'invalid_client' }, 401)
    }
    const token = randomUUID()
    issued.add(token)
    count += 1
    return c.json({ access_token: token, token_type: 'Bearer', expires_in: 3600 })
  })
  app.get('/whoami', (c) => {
    if (issued.has(c.req.header('authorization')?.slice('Bearer '.length) ?? '')) {
      return c.json({ client: clientId })
    }
    return c.json({}, 401, { 'www-authenticate': 'Bearer error="invalid_token"' })
  })
  const server = await serve(app)
  return {
    ...server,
    clientId,
    clientSecret,
    tokensIssued: () => count,
    expire: () => issued.clear(),
  }
}

/** Client credentials are form-encoded in the header (RFC 6749 section 2.3.1), hyphens included here. */
const encode = (text: string) => text.replaceAll('-', '%2D')

/** Verifies `X-PowerAuth-Token` (version 3.3) and accepts each nonce once. It has its own clock. */
async function startBank() {
  const secrets = new Map<string, Buffer>()
  const nonces = new Set<string>()
  let aheadMs = 0
  let timesAsked = 0
  const now = () => Date.now() + aheadMs
  const app = new Hono()
  app.post('/pa/v3/status', (c) => {
    timesAsked += 1
    return c.json({ status: 'OK', responseObject: { serverTime: now() } })
  })
  app.get('/balance', (c) => {
    const header = c.req.header('x-powerauth-token') ?? ''
    const field = (name: string) => new RegExp(` ${name}="([^"]*)"`).exec(header)?.[1] ?? ''
    const [nonce, timestamp] = [field('nonce'), field('timestamp')]
    const digest = createHmac('sha256', secrets.get(field('token_id')) ?? '')
      .update(Buffer.from(nonce, 'base64'))
      .update(`&${timestamp}&3.3`)
      .digest('base64')
    const ageMs = now() - Number(timestamp)
    const isGood = digest === field('token_digest') && ageMs < 7_200_000 && ageMs > -60_000
    if (!isGood || nonces.has(nonce)) return c.json({ status: 'ERROR' }, 401)
    nonces.add(nonce)
    return c.json({ balance: '7.30 EUR' })
  })
  const server = await serve(app)
  return {
    ...server,
    /** Stands for an app that has the keys of its activation. */
    createToken() {
      const [tokenId, secret] = [randomUUID(), randomBytes(16)]
      secrets.set(tokenId, secret)
      return { tokenId, tokenSecret: secret.toString('base64') }
    },
    tokensCreated: () => secrets.size,
    timesAsked: () => timesAsked,
    /** Moves the bank's clock forward by a day. */
    passADay: () => void (aheadMs += 86_400_000),
  }
}

async function serve(app: Hono): Promise<{ url: string; close(): Promise<void> }> {
  const server = createAdaptorServer({ fetch: app.fetch })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  }
}
