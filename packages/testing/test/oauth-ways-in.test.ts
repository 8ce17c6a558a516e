import { createOAuthDouble } from '@latchkey/testing'
import { doubleHandlers } from '@latchkey/testing/msw'
import { listen } from '@latchkey/testing/node'
import { setupServer } from 'msw/node'
import { afterEach, expect, test } from 'vitest'
import { app } from './oauth-client.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

/** Ways to reach the same double: the address, and what sends. */
const ways = {
  'in process': async ({ fetch }: ReturnType<typeof createOAuthDouble>) => ({
    url: 'https://auth.test',
    send: fetch,
  }),
  'over HTTP': async (double: ReturnType<typeof createOAuthDouble>) => {
    const server = await listen(double)
    cleanups.push(() => server.close())
    return { url: server.url, send: fetch }
  },
  'in MSW': async (double: ReturnType<typeof createOAuthDouble>) => {
    const msw = setupServer(...doubleHandlers(double, 'https://auth.test'))
    msw.listen({ onUnhandledFrame: 'error' })
    cleanups.push(() => msw.close())
    return { url: 'https://auth.test', send: fetch }
  },
}

test.each(Object.entries(ways))('%s: discovery, a token, and the API', async (_, open) => {
  const double = createOAuthDouble()
  double.control.addClient(app)
  const { url, send } = await open(double)
  const found = await send(`${url}/.well-known/oauth-authorization-server`)
  const { issuer, token_endpoint } = (await found.json()) as Record<string, string>
  expect(issuer).toBe(url)
  const authorization = `Basic ${btoa(`${app.clientId}:${app.clientSecret}`)}`
  const body = new URLSearchParams({ grant_type: 'client_credentials' })
  const headers = { authorization }
  const answer = await send(token_endpoint ?? '', { method: 'POST', headers, body })
  const { access_token } = (await answer.json()) as { access_token: string }
  const bearer = { authorization: `Bearer ${access_token}` }
  expect((await send(`${url}/notes`, { headers: bearer })).status).toBe(200)
  double.control.failNext('api', 1, 'network')
  await expect(send(`${url}/notes`, { headers: bearer })).rejects.toThrow(TypeError)
  expect(double.control.counts()).toMatchObject({ clientCredentials: 1, apiRequests: 2, faults: 1 })
})
