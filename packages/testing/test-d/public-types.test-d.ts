import { memoryStore, type TokenSet } from '@latchkey/core'
import { setupServer } from 'msw/node'
import { expectTypeOf, test } from 'vitest'
import { adapterContract, type AdapterSubject } from '../src/adapter-contract.ts'
import {
  createJwtDouble,
  createNocoDBDouble,
  createOAuthDouble,
  type NocoDBDouble,
  type ServerVersion,
} from '../src/index.ts'
import { doubleHandlers, nocodbHandlers } from '../src/msw.ts'
import { listen, type ListeningServer, startContractServers } from '../src/node.ts'
import { storeContract, type StoreSubject } from '../src/store-contract.ts'

test('the double is reached in process, over HTTP and through MSW', () => {
  const double = createNocoDBDouble({ version: '0.301.3', accessTokenLifetimeMs: 2_000 })
  expectTypeOf(double).toEqualTypeOf<NocoDBDouble>()
  const send: typeof fetch = double.fetch
  expectTypeOf(send).toBeFunction()
  expectTypeOf(listen(double)).resolves.toEqualTypeOf<ListeningServer>()
  expectTypeOf(listen).toBeCallableWith({ fetch: () => new Response('an app of yours') })
  setupServer(...nocodbHandlers(double, 'https://nocodb.test'))
})

test('a fault is ordered for a kind of request', () => {
  const { control } = createNocoDBDouble()
  control.failNext('renewal', 2, { status: 503 })
  control.failNext('signIn', 1, 'lost answer')
  expectTypeOf(control.counts().signIns).toBeNumber()
  // @ts-expect-error no such kind
  control.failNext('refresh', 1, 'network')
  // @ts-expect-error no such fault
  control.failNext('renewal', 1, 'timeout')
})

test('a contract is a list of cases for a subject of your own', async () => {
  const subject: AdapterSubject = {
    connect: ({ manager, baseUrl }) => {
      expectTypeOf(manager.authorize).toBeFunction()
      return async (path) => ({ result: baseUrl + path })
    },
    stream: (text) => new Blob([text]).stream(),
  }
  const servers = await startContractServers()
  for (const { name, run } of adapterContract()) {
    expectTypeOf(name).toBeString()
    await run(subject, servers)
  }
  const store = memoryStore()
  const places: StoreSubject = { place: () => ({ open: () => store }), lacks: ['sharing'] }
  for (const { run } of storeContract()) await run(places)
})

test('misuse does not compile', () => {
  expectTypeOf<'0.301.3'>().toExtend<ServerVersion>()
  // @ts-expect-error a version that was not measured
  createNocoDBDouble({ version: '0.1.0' })
  // @ts-expect-error in milliseconds, and so named
  createNocoDBDouble({ accessTokenLifetime: 2 })
  // @ts-expect-error where should it answer?
  nocodbHandlers(createNocoDBDouble())
  // @ts-expect-error no such thing to lack
  void storeContract()[0]?.run({ place: () => ({ open: memoryStore }), lacks: ['speed'] })
})

test('the other doubles are served and driven as NocoDB’s is', () => {
  const oauth = createOAuthDouble({ refreshTokens: 'rotate', requireDpopNonce: true })
  const jwt = createJwtDouble({ signIn: '/login', refreshToken: { cookie: 'refresh' } })
  for (const double of [oauth, jwt]) {
    const send: typeof fetch = double.fetch
    expectTypeOf(send).toBeFunction()
    expectTypeOf(listen(double)).resolves.toEqualTypeOf<ListeningServer>()
    setupServer(...doubleHandlers(double, 'https://api.test'))
    double.control.failNext('renewal', 1, 'lost answer')
    expectTypeOf(double.control.counts().renewals).toBeNumber()
  }
  oauth.control.failNext('devicePoll', 1, { status: 400, body: { error: 'slow_down' } })
  // @ts-expect-error no such kind
  jwt.control.failNext('devicePoll', 1, 'network')
  // @ts-expect-error a session is of a client
  void oauth.control.startSession({ username: 'ada' })
  expectTypeOf(jwt.control.startSession('ada')).resolves.toEqualTypeOf<TokenSet>()
  // @ts-expect-error in milliseconds, and so named
  createOAuthDouble({ accessTokenLifetime: 2 })
})
