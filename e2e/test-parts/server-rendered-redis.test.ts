import { redisStore } from '@latchkey/stores/redis'
import { createNocoDBDouble } from '@latchkey/testing'
import { type ListeningServer, listen } from '@latchkey/testing/node'
import { createClient } from 'redis'
import { expect, onTestFinished, test } from 'vitest'
import { createApp } from '../../examples/server-rendered/src/app.ts'
import { storedSessions } from '../../examples/server-rendered/src/sessions.ts'
import { openBrowser } from '../../examples/test/support/visitor.ts'
import { startRedis } from '../src/redis/server.ts'

const ada = { email: 'ada@example.com', password: 'CANARY-7f3a-ada' }

/** A NocoDB, a Redis, and two servers of the app, as in a fleet. */
async function start() {
  const double = createNocoDBDouble()
  double.control.addUser(ada)
  const noco = await listen(double)
  const redis = await startRedis()
  onTestFinished(async () => {
    await noco.close()
    await redis.close()
  })

  async function connected() {
    const client = createClient({ url: redis.url })
    client.on('error', () => undefined)
    await client.connect()
    onTestFinished(() => client.destroy())
    return client
  }

  async function startApp(): Promise<ListeningServer> {
    const sessions = storedSessions({ baseUrl: noco.url }, redisStore(await connected()))
    const { fetch } = createApp(noco.url, sessions)
    const server = await listen({ fetch: async (request) => fetch(request) })
    onTestFinished(() => server.close())
    return server
  }

  const servers = [await startApp(), await startApp()]
  const looker = await connected()
  return {
    control: double.control,
    urls: servers.map(({ url }) => url),
    /** How many connections Redis has, without the one that asks. */
    countConnections: async () => (await looker.clientList()).length - 1,
  }
}

test('pages that one visitor opens at once on two servers take one renewal, and no connection is left', async () => {
  const { control, urls, countConnections } = await start()
  const [one = ''] = urls
  const browser = openBrowser(one)
  await browser.submit('/sign-in', ada)
  for (const renewals of [1, 2]) {
    control.revokeAccessTokens(ada.email)
    const pages = await Promise.all([...urls, ...urls].map((url) => browser.open(url)))
    for (const { text } of pages) expect(text).toContain('Signed in as <b>ada@example.com</b>')
    expect(control.counts()).toMatchObject({ signIns: 1, renewals, rejectedRenewals: 0 })
  }
  expect(await countConnections()).toBe(2)
})
