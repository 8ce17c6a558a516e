import { memoryStore } from '@latchkey/core'
import { decode } from 'hono/jwt'
import { describe, expect, it } from 'vitest'
import { failure, skippingWaits } from '../../nocodb/test/support/server.ts'
import type { OAuthOptions } from '../src/index.ts'
import { CANARY, challenge, ISSUER, startServer } from './support/oauth-server.ts'

const redirected = { issuer: undefined, tokenEndpoint: `${ISSUER}/token` }
const bound = (more: object = {}) =>
  Response.json({ access_token: 'a', token_type: 'DPoP', ...more })

/** A bound session at a server whose answers the test gives. */
async function signedIn(more: Partial<OAuthOptions> = {}) {
  const server = startServer()
  const open = () => server.open({ ...redirected, dpop: true, store, ...more })
  const store = memoryStore()
  const manager = open()
  server.failNext('/token', () => bound({ refresh_token: `${CANARY}-r` }))
  await manager.setTokens({ accessToken: 'before', refreshToken: `${CANARY}-r0` })
  await manager.refresh()
  return { server, open, manager, store }
}

/** The key and the nonce of the proof in each token request. */
const proofs = ({ asked }: ReturnType<typeof startServer>) =>
  asked.map(({ headers }) => {
    const { header, payload } = decode(headers.get('dpop') ?? '')
    return { key: (header as { jwk?: JsonWebKey }).jwk?.x, nonce: payload['nonce'] }
  })

describe('a proof that a server refuses', () => {
  it.each(['use_dpop_nonce', 'invalid_dpop_proof'])(
    'at a renewal (%s) does not end the session, because the refresh token was not judged',
    async (error) => {
      const { server, manager } = await signedIn()
      const refused = () => Response.json({ error }, { status: 400 })
      server.failNext('/token', ...Array.from({ length: 9 }, () => refused))
      const thrown = await skippingWaits(() => failure(manager.refresh()))
      expect(thrown.code).toBe('ERR_RENEWAL_UNAVAILABLE')
      expect(thrown.message).toContain(error)
      expect(manager.state.status).toBe('signedIn')
    },
  )

  it.each(['use_dpop_nonce', 'invalid_dpop_proof'])(
    'at the API (%s) is not a rejected token: nothing is renewed',
    async (error) => {
      const { server, manager } = await signedIn({ whenRefused: 'end' })
      let count = 0
      const refused = () => {
        const { status, headers } = challenge(401, `DPoP error="${error}"`)
        headers.set('dpop-nonce', `n${(count += 1)}`)
        return new Response(null, { status, headers })
      }
      server.failNext('/items', ...Array.from({ length: 9 }, () => refused))
      const before = server.grants().length
      expect((await server.read(manager)).status).toBe(401)
      expect(server.grants()).toHaveLength(before)
      expect(count).toBe(error === 'use_dpop_nonce' ? 2 : 1)
      expect(manager.state.status).toBe('signedIn')
    },
  )
})

it('the nonce of each answer is used in the next proof, also that of a repeated request', async () => {
  const { server, manager } = await signedIn()
  const nonce = (value: string) => ({ headers: { 'dpop-nonce': value } })
  server.failNext(
    '/token',
    () => Response.json({ error: 'use_dpop_nonce' }, { status: 400, ...nonce('n1') }),
    () => Response.json({ access_token: 'b', token_type: 'DPoP' }, nonce('n2')),
    () => bound(),
  )
  await manager.refresh()
  await manager.refresh()
  expect(proofs(server).map((proof) => proof.nonce)).toEqual([undefined, undefined, 'n1', 'n2'])
})

it('a step-up that comes after a nonce is answered', async () => {
  const { server, manager } = await signedIn({ onChallenge: () => ({ accessToken: 'strong' }) })
  const { headers } = challenge(401, 'DPoP error="use_dpop_nonce"')
  headers.set('dpop-nonce', 'n1')
  server.failNext(
    '/items',
    () => new Response(null, { status: 401, headers }),
    () => challenge(401, 'DPoP error="insufficient_user_authentication"'),
    () => new Response('done'),
  )
  expect((await server.read(manager)).status).toBe(200)
})

it('a token for a challenge is bound to the key of its session, also in the next process', async () => {
  const { server, manager } = await signedIn()
  const { dpopKey } = await manager.getTokens()
  const next = server.open({
    ...redirected,
    dpop: true,
    store: memoryStore(),
    onChallenge: (_, session) => session.request('urn:exchange', {}),
  })
  await next.setTokens({ accessToken: 'a', refreshToken: `${CANARY}-r`, dpopKey: dpopKey ?? '' })
  server.failNext('/token', () => bound())
  server.failNext(
    '/items',
    () => challenge(401, 'DPoP error="insufficient_user_authentication"'),
    () => new Response('done'),
  )
  expect((await server.read(next)).status).toBe(200)
  const [first, second] = proofs(server)
  expect(second?.key).toBe(first?.key)
  expect((await next.getTokens()).dpopKey).toBe(dpopKey)
})

it('a stored key that cannot be read is replaced, and the server judges the session', async () => {
  const { server, open, store } = await signedIn()
  const [name = ''] = (await store.names?.()) ?? []
  const { dpopKey: _, ...tokens } = (await store.getToken(name)) ?? { accessToken: '' }
  await store.setToken({ ...tokens, dpopKey: '{"kty":' }, name)
  const next = open()
  server.failNext('/items', () => challenge(401, 'DPoP error="invalid_token"'))
  server.failNext('/token', () => Response.json({ error: 'invalid_grant' }, { status: 400 }))
  expect((await server.read(next)).status).toBe(401)
  expect(next.state.status).toBe('signedOut')
})
