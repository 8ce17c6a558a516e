import { memoryStore } from '@latchkey/core'
import { describe, expect, it, vi } from 'vitest'
import {
  ada,
  BASE_URL,
  CANARY,
  failure,
  printed,
  root,
  signedIn,
  skippingWaits,
  startServer,
  urlOf,
  withoutPassword,
} from './support/server.ts'

/** The passwords hold the canary; tokens are what the server made of them. */
async function secretsOf(store: ReturnType<typeof memoryStore>): Promise<string[]> {
  const tokens = await store.getToken(BASE_URL)
  return [CANARY, tokens?.accessToken, tokens?.refreshToken].filter((one) => one !== undefined)
}

/** How many of `secrets` a person can see in `value`. */
const leaks = (secrets: string[], value: unknown): number => {
  const output = printed(value)
  return secrets.filter((secret) => output.includes(secret)).length
}

describe('no secret shows', () => {
  it('in a manager, or in its events', async () => {
    const server = startServer()
    const store = memoryStore()
    const noco = await signedIn(server, { store })
    const events: unknown[] = []
    for (const name of ['renewed', 'renewalFailed', 'retried', 'signedOut'] as const) {
      noco.on(name, (event) => events.push(event))
    }
    const secrets = await secretsOf(store)
    server.control.revokeSessions(ada.email)
    await server.read(noco)
    secrets.push(...(await secretsOf(store)))
    await noco.signOut()
    expect(events.length).toBeGreaterThan(2)
    expect(secrets.length).toBe(6)
    expect(leaks(secrets, events)).toBe(0)
    expect(leaks(secrets, noco)).toBe(0)
  })

  it.each([
    ['a wrong password', { status: 400, body: { msg: 'Invalid credentials' } }],
    ['a server that repeats what it got', { status: 400, body: { msg: `no: ${root.password}` } }],
    ['a broken connection', 'network' as const],
    ['a broken server', { status: 500, body: { msg: `no: ${root.password}` } }],
    ['a redirect', { status: 302, headers: { location: `https://x.test/?p=${CANARY}` } }],
    ['a page', { status: 200, body: `<html>${CANARY}` }],
  ])('when signIn() meets %s', async (_, fault) => {
    const server = startServer()
    const store = memoryStore()
    const noco = await signedIn(server, { store })
    server.control.failNext('signIn', 1, fault)
    expect(leaks(await secretsOf(store), await failure(noco.signIn(root)))).toBe(0)
  })

  it.each([
    ['a server that repeats what it got', (said: string) => ({ status: 400, body: { msg: said } })],
    ['a broken server', (said: string) => ({ status: 500, body: { msg: said } })],
    ['a broken connection', () => 'network' as const],
    ['a page', (said: string) => ({ status: 200, body: said })],
  ])('when a refresh meets %s', async (_, fault) => {
    const server = startServer()
    const store = memoryStore()
    const noco = await withoutPassword(server, { store })
    const secrets = await secretsOf(store)
    server.expire()
    server.control.failNext('renewal', 3, fault(secrets.join(' ')))
    const error = await skippingWaits(() => failure(server.read(noco)))
    expect(leaks(secrets.slice(1), error)).toBe(0)
  })

  it('when the password is refused by a server that repeats it', async () => {
    const server = startServer()
    server.control.failNext('signIn', 1, { status: 400, body: { msg: `no: ${ada.password}` } })
    expect(leaks([CANARY], await failure(server.read(server.open(ada))))).toBe(0)
  })

  it('when sign-up, sign-out, the password change and API tokens are refused', async () => {
    const server = startServer()
    const store = memoryStore()
    const noco = await signedIn(server, { store })
    const newPassword = `${CANARY}-new`
    const said = (msg: string) => ({ status: 400, body: { msg } })
    server.control.failNext('signUp', 1, said(`no: ${ada.password}`))
    server.control.failNext('passwordChange', 1, said(`no: ${ada.password}, ${newPassword}`))
    server.control.failNext('apiTokens', 1, { status: 403 })
    server.control.failNext('signOut', 1, 'network')
    const secrets = await secretsOf(store)
    const change = { currentPassword: ada.password, newPassword }
    expect(leaks(secrets, await failure(noco.signUp(ada)))).toBe(0)
    expect(leaks(secrets, await failure(noco.changePassword(change)))).toBe(0)
    expect(leaks(secrets, await failure(noco.apiTokens.create()))).toBe(0)
    expect(leaks(secrets, await failure(noco.signOut()))).toBe(0)
  })

  it('when an API token is refused', async () => {
    const server = startServer()
    const noco = server.open({ apiToken: `${CANARY}-api-token` })
    const response = await server.read(noco)
    expect(leaks([CANARY], noco.explain(response))).toBe(0)
    expect(leaks([CANARY], await failure(noco.me()))).toBe(0)
    expect(leaks([CANARY], noco)).toBe(0)
  })

  it('on the console, where nothing is ever written', async () => {
    const spies = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) =>
      vi.spyOn(console, name).mockImplementation(() => undefined),
    )
    const server = startServer()
    const noco = await signedIn(server)
    server.expire()
    await server.read(noco)
    await failure(noco.signIn({ ...ada, password: CANARY }))
    await noco.signOut()
    expect(spies.flatMap((spy) => spy.mock.calls)).toEqual([])
    vi.restoreAllMocks()
  })
})

describe('a redirect', () => {
  it.each(['signIn', 'renewal', 'signOut', 'passwordChange', 'signUp'] as const)(
    'of %s takes no secret to where it leads',
    async (kind) => {
      const server = startServer()
      const hosts = new Set<string>()
      const send: typeof fetch = async (input, init) => {
        hosts.add(urlOf(input).host)
        const response = await server.double.fetch(input, init)
        const location = response.headers.get('location')
        const isFollowed = response.status >= 300 && location && init?.redirect !== 'manual'
        if (isFollowed) return init?.redirect === 'error' ? refuse() : send(location, init)
        return response
      }
      const noco = await signedIn(server, { fetch: send })
      const newPassword = `${CANARY}-new`
      const work = {
        signIn: () => noco.signIn(root),
        renewal: () => noco.refresh(),
        signOut: () => noco.signOut(),
        passwordChange: () => noco.changePassword({ currentPassword: ada.password, newPassword }),
        signUp: () => noco.signUp({ email: 'eve@example.com', password: `${CANARY}-eve` }),
      }
      const location = 'https://evil.test/'
      server.control.failNext(kind, 3, { status: 307, headers: { location } })
      await skippingWaits(() => failure(work[kind]()))
      expect([...hosts]).toEqual([new URL(BASE_URL).host])
    },
  )
})

function refuse(): never {
  throw new TypeError('fetch failed', { cause: new Error('unexpected redirect') })
}
