import { authorizedFetch } from '@latchkey/core/adapter'
import { oauth } from '@latchkey/oauth'
import { sharetribeMarketplace } from '@latchkey/oauth/sharetribe'
import { describe, expect, it } from 'vitest'

const API = 'https://api.test'
const CANARY = 'CANARY-7f3a'

/** A server in the page: refreshes each time, and gives these answers to what is asked of the API. */
function serverWith(answers: Response[]) {
  const sent: string[] = []
  let issued = 0
  const send: typeof fetch = async (input, init) => {
    const { url } = new Request(input, init)
    if (url.startsWith(API)) return answers.shift() ?? new Response()
    sent.push(`${init?.body as URLSearchParams}`)
    issued += 1
    const token = { access_token: `${CANARY}-a${issued}`, token_type: 'Bearer', expires_in: 60 }
    return Response.json({ ...token, refresh_token: `${CANARY}-r${issued}` })
  }
  return { sent, send }
}

const challenge = (status: number, error: string) =>
  new Response(null, { status, headers: { 'www-authenticate': `Bearer error="${error}"` } })

function open(send: typeof fetch) {
  const tokenEndpoint = 'https://login.test/token'
  const manager = oauth({ origin: API, tokenEndpoint, clientId: 'shop', fetch: send })
  return { manager, read: () => authorizedFetch(manager, send)(`${API}/items`) }
}

describe('in a page', () => {
  it('a refused token is renewed with the refresh token', async () => {
    const { sent, send } = serverWith([challenge(401, 'invalid_token')])
    const { manager, read } = open(send)
    await manager.setTokens({ accessToken: 'old', refreshToken: `${CANARY}-r0` })
    expect((await read()).status).toBe(200)
    expect(sent).toEqual([`refresh_token=${CANARY}-r0&grant_type=refresh_token&client_id=shop`])
  })

  it('a missing scope is explained, and nothing is renewed', async () => {
    const { sent, send } = serverWith([challenge(401, 'insufficient_scope')])
    const { manager, read } = open(send)
    await manager.setTokens({ accessToken: 'good', refreshToken: `${CANARY}-r0` })
    expect(manager.explain(await read())?.code).toBe('ERR_INSUFFICIENT_SCOPE')
    expect(sent).toEqual([])
  })

  it('Sharetribe signs in', async () => {
    const { sent, send } = serverWith([])
    const marketplace = sharetribeMarketplace({ clientId: 'shop', fetch: send })
    await marketplace.signIn({ username: 'ada', password: `${CANARY}-ada` })
    expect(await marketplace.isSignedIn()).toBe(true)
    expect(sent).toHaveLength(1)
  })
})
