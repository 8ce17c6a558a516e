import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type ApolloClient, gql } from '@apollo/client'
import type { TokenManager } from '@latchkey/core'
import type { JwtSession } from '@latchkey/jwt'
import { createTRPCClient, type TRPCLink } from '@trpc/client'
import { initTRPC } from '@trpc/server'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import type { Client as UrqlClient } from '@urql/core'
import { buildSchema, execute, graphql, parse, subscribe, validate } from 'graphql'
import type { Client as SubscriptionClient } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { runShown } from '../src/docs/recipes.ts'
import { ada, type RecipeApi, startRecipeApi } from '../src/docs/recipe-api.ts'

const page = 'docs/recipes/graphql-and-trpc.md'
const schema = buildSchema('type Query { me: String } type Subscription { ticks: String }')
const me = gql`
  query {
    me
  }
`

const trpc = initTRPC.context<{ email: string }>().create()
const router = trpc.router({ me: trpc.procedure.query(({ ctx }) => ctx.email) })

let api: RecipeApi
beforeAll(async () => {
  api = await startRecipeApi()
  const answer = (source: string, user: string) =>
    graphql({ schema, source, rootValue: { me: () => user } })
  api.app.post('/graphql', async (c) => {
    const { query } = await c.req.json<{ query: string }>()
    const user = api.userOf(c)
    return user ? c.json(await answer(query, user)) : c.json({ errors: [] }, 401)
  })
  api.app.post('/graphql-200', async (c) => {
    const { query } = await c.req.json<{ query: string }>()
    const user = api.userOf(c)
    const refused = { message: 'Please sign in.', extensions: { code: 'UNAUTHENTICATED' } }
    return c.json(user ? await answer(query, user) : { errors: [refused] })
  })
  api.app.all('/trpc/*', async (c) => {
    const email = api.userOf(c)
    if (!email) return c.text('', 401)
    const createContext = () => ({ email })
    return fetchRequestHandler({ endpoint: '/trpc', req: c.req.raw, router, createContext })
  })
})
afterAll(() => api.close())

/** How often the token is renewed by what `work` does with a dead one. */
async function renewals(work: () => Promise<unknown>) {
  const before = api.countOf('/auth/refresh')
  api.expire()
  await work()
  return api.countOf('/auth/refresh') - before
}

describe('Apollo', () => {
  type Create = (uri: string, session: TokenManager) => ApolloClient
  const open = async (path: string, session: TokenManager) => {
    const { createClient } = await runShown<{ createClient: Create }>(page, ['ApolloClient'])
    return createClient(api.url + path, session)
  }

  test('ten queries with a dead token share one renewal', async () => {
    const client = await open('/graphql', await api.signedIn())
    const query = () => client.query({ query: me, fetchPolicy: 'network-only' })
    const queryDeduplication = { queryDeduplication: false }
    const all = () =>
      Promise.all(
        Array.from({ length: 10 }, () =>
          client.query({ query: me, fetchPolicy: 'no-cache', context: queryDeduplication }),
        ),
      )
    expect(await renewals(all)).toBe(1)
    expect((await query()).data).toEqual({ me: ada.email })
  })

  test('forgets the data of a user who has signed out', async () => {
    const session = await api.signedIn()
    const client = await open('/graphql', session)
    await client.query({ query: me })
    expect(client.extract()).toHaveProperty('ROOT_QUERY')
    await session.signOut()
    expect(client.extract()).toEqual({})
  })

  test('a dead token is renewed after an error with status 200', async () => {
    type Make = (baseUrl: string) => JwtSession
    const { createSession } = await runShown<{ createSession: Make }>(page, ['isTokenRejected'])
    const session = createSession(api.url)
    await session.signIn(ada)
    const client = await open('/graphql-200', session)
    const query = async () =>
      expect((await client.query({ query: me })).data).toEqual({ me: ada.email })
    expect(await renewals(query)).toBe(1)
  })
})

test('urql renews a dead token', async () => {
  type Create = (url: string, session: TokenManager) => UrqlClient
  const { createClient } = await runShown<{ createClient: Create }>(page, ['@urql/core'])
  const client = createClient(`${api.url}/graphql`, await api.signedIn())
  const query = async () =>
    expect((await client.query('{ me }', {})).data).toEqual({ me: ada.email })
  expect(await renewals(query)).toBe(1)
})

describe('a subscription by graphql-ws', () => {
  type Create = (url: string, session: TokenManager) => SubscriptionClient

  /** A server that ends each subscription after one value. */
  async function listen(session: TokenManager) {
    const { createSubscriptions } = await runShown<{ createSubscriptions: Create }>(page, [
      'graphql-ws',
    ])
    const http = createServer().listen(0, '127.0.0.1')
    await once(http, 'listening')
    const sockets = new WebSocketServer({ server: http })
    const shown: (string | undefined)[] = []
    const server = useServer<{ token?: string }>(
      {
        schema,
        // Of the copy of graphql that made the schema.
        execute,
        parse,
        subscribe,
        validate,
        roots: {
          subscription: {
            ticks: async function* () {
              yield { ticks: 'tick' }
            },
          },
        },
        onConnect({ connectionParams }) {
          const user = api.userOfToken(connectionParams?.token ?? '')
          shown.push(user)
          return user !== undefined // false: 4403
        },
      },
      sockets,
    )
    const { port } = http.address() as AddressInfo
    const client = createSubscriptions(`ws://127.0.0.1:${port}`, session)
    onTestFinished(async () => {
      await client.dispose()
      await server.dispose()
      http.close()
    })
    const values: unknown[] = []
    for await (const { data } of client.iterate({ query: 'subscription { ticks }' }))
      values.push(data)
    return { shown, values }
  }

  test('sends the token', async () => {
    const { shown, values } = await listen(await api.signedIn())
    expect({ shown, values }).toEqual({ shown: [ada.email], values: [{ ticks: 'tick' }] })
  })

  test('renews once when the server closes with 4403', async () => {
    const session = await api.signedIn()
    let result: object = {}
    expect(await renewals(async () => (result = await listen(session)))).toBe(1)
    expect(result).toEqual({ shown: [undefined, ada.email], values: [{ ticks: 'tick' }] })
  })
})

test('a batch of tRPC calls with a dead token is renewed once and sent again', async () => {
  type Link = (url: string, session: TokenManager) => TRPCLink<typeof router>
  const { authorizedLink } = await runShown<{ authorizedLink: Link }>(page, ['@trpc/client'])
  const client = createTRPCClient<typeof router>({
    links: [authorizedLink(`${api.url}/trpc`, await api.signedIn())],
  })
  const both = async () =>
    expect(await Promise.all([client.me.query(), client.me.query()])).toEqual([
      ada.email,
      ada.email,
    ])
  expect(await renewals(both)).toBe(1)
})
