import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, it } from 'vitest'
import { failure } from '../../nocodb/test/support/server.ts'
import { signInWithBrowser } from '../src/node.ts'
import { ISSUER, startServer } from './support/oauth-server.ts'

const told = {
  issuer: undefined,
  tokenEndpoint: `${ISSUER}/token`,
  authorizationEndpoint: `${ISSUER}/authorize`,
}

/** A sign-in whose browser does `visit` with the address of the answer. */
function start(visit: (callback: string) => unknown, signal?: AbortSignal) {
  const server = startServer()
  const manager = server.open(told)
  const signingIn = signInWithBrowser(manager, {
    signal,
    open(url) {
      const { searchParams } = new URL(url)
      const state = searchParams.get('state') ?? ''
      void visit(`${searchParams.get('redirect_uri')}?state=${state}&code=c`)
    },
  })
  return { server, manager, signingIn }
}

const tokens = () => Response.json({ access_token: 'a', refresh_token: 'r' })

describe('signInWithBrowser()', () => {
  it('loses to a sign-out while the browser is open, and the page says so', async () => {
    let shown: Promise<Response> | undefined
    const { server, manager, signingIn } = start(async (callback) => {
      await manager.signOut()
      shown = fetch(callback)
    })
    server.failNext('/token', tokens)
    expect((await failure(signingIn)).code).toBe('ERR_SESSION_CHANGED')
    expect(manager.state.status).toBe('signedOut')
    expect((await shown)?.status).toBe(400)
  })

  it('can be aborted while the code is exchanged', async () => {
    const controller = new AbortController()
    const { server, manager, signingIn } = start((callback) => fetch(callback), controller.signal)
    server.failNext('/token', () => {
      controller.abort(new Error('changed my mind'))
      return tokens()
    })
    await expect(signingIn).rejects.toThrow('changed my mind')
    expect(manager.state.status).not.toBe('signedIn')
  })

  it('answers a callback that the browser opens twice, both times', async () => {
    let shown: Promise<Response>[] = []
    let count = 0
    const { promise: both, resolve } = Promise.withResolvers<void>()
    const arrived = () => void ((count += 1) === 2 && resolve())
    subscribe('http.server.request.start', arrived)
    const { server, signingIn } = start((callback) => {
      shown = [fetch(callback), fetch(callback)]
    })
    server.failNext('/token', () => both.then(tokens))
    expect((await signingIn).status).toBe(200)
    unsubscribe('http.server.request.start', arrived)
    expect((await Promise.all(shown)).map(({ status }) => status)).toEqual([200, 200])
  })
})
