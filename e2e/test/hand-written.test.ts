import { memoryStore } from '@latchkey/core'
import { registerAuth } from '@latchkey/axios'
import { jwtSession } from '@latchkey/jwt'
import axios, { type AxiosInstance } from 'axios'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { shownIn } from '../src/docs/recipes.ts'
import { ada, type RecipeApi, startRecipeApi } from '../src/docs/recipe-api.ts'

let api: RecipeApi
beforeEach(async () => {
  api = await startRecipeApi()
})
afterEach(() => api.close())

/** A way to stay signed in, in a tab of a browser. */
interface Tab {
  client: AxiosInstance
  isSignedIn(): Promise<boolean>
}
/** Opens `count` tabs of a user who has signed in. */
type Way = (count: number, asVisitor?: boolean) => Promise<Tab[]>

/** What README.md shows. */
const handWritten: Way = async (count, asVisitor) => {
  const kept = new Map<string, string>()
  if (!asVisitor) {
    const { data } = await axios.post(`${api.url}/auth/login`, ada)
    kept.set('token', data.access_token).set('refresh', data.refresh_token)
  }
  const localStorage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    clear: () => kept.clear(),
  }
  const code = shownIn('README.md', ['isRefreshing'])
  return Array.from({ length: count }, () => {
    const client = axios.create({ baseURL: api.url })
    let isAtLogin = false
    const location = { assign: () => (isAtLogin = true) }
    const names = ['api', 'axios', 'baseURL', 'localStorage', 'location']
    // oxlint-disable-next-line no-implied-eval -- the code of the page, as it is
    new Function(...names, code)(client, axios, api.url, localStorage, location)
    return { client, isSignedIn: async () => !isAtLogin }
  })
}

const latchkey: Way = async (count, asVisitor) => {
  const store = memoryStore()
  const options = { ...api.options, store, whenSignedOut: 'send' as const }
  if (!asVisitor) await jwtSession(options).signIn(ada)
  return Array.from({ length: count }, () => {
    const client = axios.create({ baseURL: api.url })
    const session = jwtSession(options)
    registerAuth(client, session)
    return { client, isSignedIn: () => session.isSignedIn() }
  })
}

describe.each([
  {
    name: 'the interceptor',
    way: handWritten,
    refreshes: 2,
    signedOut: 1,
    stays: false,
    bare: false,
  },
  { name: 'Latchkey', way: latchkey, refreshes: 1, signedOut: 0, stays: true, bare: true },
])('with $name', ({ way, refreshes, signedOut, stays, bare }) => {
  const open = async (asVisitor?: boolean) => (await way(1, asVisitor))[0] as Tab

  test(`two requests with a dead token, of which one is answered late, take ${refreshes}`, async () => {
    const late = Promise.withResolvers<void>()
    api.app.get('/late', async (c) => {
      const user = api.userOf(c)
      if (!user) await late.promise
      return user ? c.json({ user }) : c.json({}, 401)
    })
    const { client } = await open()
    api.expire()
    const last = client.get('/late')
    expect((await client.get('/me')).status).toBe(200)
    late.resolve()
    expect((await last).status).toBe(200)
    expect(api.countOf('/auth/refresh')).toBe(refreshes)
  })

  test(`of two tabs whose token has died, ${signedOut} are signed out`, async () => {
    const tabs = await way(2)
    api.expire()
    await Promise.allSettled(tabs.map(({ client }) => client.get('/me')))
    const signedIn = await Promise.all(tabs.map((tab) => tab.isSignedIn()))
    expect(signedIn.filter((is) => !is)).toHaveLength(signedOut)
  })

  test(`a refresh that is answered 503 once: the user stays signed in: ${stays}`, async () => {
    const tab = await open()
    api.expire()
    api.failNext('/auth/refresh', 503)
    await tab.client.get('/me').catch(() => undefined)
    expect(await tab.isSignedIn()).toBe(stays)
  })

  test(`a request to another server goes without the token: ${bare}`, async () => {
    const other = await startRecipeApi()
    const tab = await open()
    await tab.client.get(`${other.url}/products`)
    await other.close()
    expect(other.lastTo('/products')?.headers.has('authorization')).toBe(!bare)
  })

  test(`a visitor’s request to a public page has no token: ${bare}`, async () => {
    const tab = await open(true)
    await tab.client.get('/products')
    const sent = api.lastTo('/products')?.headers.get('authorization')
    expect(sent).toBe(bare ? null : 'Bearer null')
  })
})
