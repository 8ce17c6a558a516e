import { memoryStore, type TokenManager } from '@latchkey/core'
import { registerAuth } from '@latchkey/axios'
import { wrapFetch } from '@latchkey/fetch'
import { type JwtSession, jwtSession, type JwtSessionOptions } from '@latchkey/jwt'
import axios, { type AxiosInstance } from 'axios'
import { Window } from 'happy-dom'
import { createPinia, setActivePinia, type Store } from 'pinia'
import { act, createElement } from 'react'
import type { Readable } from 'svelte/store'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { watch as watchRef } from 'vue'
import { runShown } from '../src/docs/recipes.ts'
import { ada, code, grace, type RecipeApi, startRecipeApi } from '../src/docs/recipe-api.ts'

const page = 'docs/recipes/pages.md'

let api: RecipeApi
beforeAll(async () => {
  api = await startRecipeApi()
  api.app.get('/forbidden', (c) => c.text('', 401))
  api.app.get('/report.csv', (c) => (api.userOf(c) ? c.text('a,b') : c.text('', 401)))
})
afterAll(() => api.close())
afterEach(() => vi.unstubAllGlobals())

/** A page of happy-dom, in the global scope until the test ends. */
function openPage(url: string) {
  const window = new Window({ url })
  const { document, location, navigator, localStorage, CustomEvent } = window
  const globals = { window, document, location, navigator, localStorage, CustomEvent }
  for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value)
  onTestFinished(() => window.close())
  return window
}

const quiet = () => jwtSession(api.options)

test('a React component is rendered once for each change of the session', async () => {
  type Hook = (session: TokenManager) => TokenManager['state']
  const { useSession } = await runShown<{ useSession: Hook }>(page, ['useSyncExternalStore'])
  const { document } = openPage('https://shop.example')
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true)
  const { createRoot } = await import('react-dom/client')
  const session = quiet()
  const changes = ['unknown']
  session.on('changed', ({ status }) => void changes.push(status))
  const shown: string[] = []
  const Status = () => {
    const { status } = useSession(session)
    shown.push(status)
    return status
  }
  const root = createRoot(document.body as unknown as Element)
  await act(async () => root.render(createElement(Status)))
  for (const change of [
    () => session.signIn(ada),
    () => session.refresh(),
    () => session.signOut(),
  ])
    await act(async () => {
      await change()
    })
  expect(document.body.textContent).toBe('signedOut')
  expect(shown).toEqual(changes)
  expect([...new Set(shown)]).toEqual(['unknown', 'signedIn', 'renewing', 'signedOut'])
  await act(async () => root.unmount())
})

test('a Svelte store follows the session while a component is subscribed', async () => {
  type Make = (session: TokenManager) => Readable<TokenManager['state']>
  const { sessionStore } = await runShown<{ sessionStore: Make }>(page, ['svelte/store'])
  const session = quiet()
  const store = sessionStore(session)
  await session.signIn(ada)
  const shown: string[] = []
  const unsubscribe = store.subscribe(({ status }) => shown.push(status))
  await session.refresh()
  unsubscribe()
  await session.signOut()
  expect([...new Set(shown)]).toEqual(['signedIn', 'renewing'])
  expect(shown.at(-1)).toBe('signedIn')
})

describe('a Pinia store', () => {
  interface Fields {
    isSignedIn: boolean
    isBusy: boolean
    errors: Record<string, string[]>
    ticket: string | undefined
  }
  interface Actions {
    submit(fields: Record<string, string>): Promise<void>
    signOut(): Promise<unknown>
  }
  type Define = (session: JwtSession) => () => Store<'session', Fields, object, Actions>

  async function open(session: JwtSession) {
    const { defineSessionStore } = await runShown<{ defineSessionStore: Define }>(page, ['pinia'])
    setActivePinia(createPinia())
    return defineSessionStore(session)()
  }

  test('signs in, follows the session, and signs out', async () => {
    const session = quiet()
    const store = await open(session)
    await store.submit(ada)
    expect(store).toMatchObject({ isSignedIn: true, isBusy: false, errors: {} })
    const seen: object[] = []
    const see = () => void seen.push({ isBusy: store.isBusy, isSignedIn: store.isSignedIn })
    const stop = watchRef(() => store.isBusy, see, { flush: 'sync' })
    await session.refresh()
    stop()
    const [busy, done] = [true, false].map((isBusy) => ({ isBusy, isSignedIn: true }))
    expect(seen).toEqual([busy, done]) // what was shown stays
    await store.signOut()
    expect(store.isSignedIn).toBe(false)
  })

  test('continues a stored session', async () => {
    const store = memoryStore()
    await api.signedIn({ store })
    const opened = await open(jwtSession({ ...api.options, store }))
    await expect.poll(() => opened.isSignedIn).toBe(true)
  })

  test('shows the errors of each field and of a wrong password', async () => {
    const store = await open(quiet())
    await store.submit({ email: 'ada', password: 'x' })
    expect(store.errors).toEqual({ email: ['is not an address'] })
    await store.submit({ ...ada, password: 'wrong' })
    expect(store.errors).toEqual({ form: ['Wrong password.'] })
    expect(store.isSignedIn).toBe(false)
  })

  test('asks for a second factor, and again after a wrong code', async () => {
    const store = await open(quiet())
    await store.submit(grace)
    expect(store).toMatchObject({ isSignedIn: false, ticket: expect.any(String) })
    await store.submit({ code: '000000' })
    expect(store).toMatchObject({ errors: { code: ['is wrong'] }, ticket: expect.any(String) })
    await store.submit({ code })
    expect(store).toMatchObject({ isSignedIn: true, ticket: undefined, errors: {} })
  })
})

describe('the redirect to the login page', () => {
  interface Way {
    watch(session: TokenManager): () => void
    returnAddress(): string
    onError(error: unknown): never
  }
  const open = () => runShown<Way>(page, ['goToLogin'])

  /** Where the page was sent. */
  function visit(url: string) {
    const { location } = openPage(url)
    const { pathname, search, hash, origin } = location
    const assign = vi.fn<(to: string) => void>()
    vi.stubGlobal('location', { pathname, search, hash, origin, assign })
    return assign
  }

  test('remembers the address when a session ends', async () => {
    const { watch } = await open()
    const assign = visit('https://shop.example/orders?page=2#last')
    const session = await api.signedIn()
    watch(session)
    api.end()
    expect((await wrapFetch(session)(`${api.url}/me`)).status).toBe(401)
    const next = encodeURIComponent('/orders?page=2#last')
    expect(assign.mock.calls).toEqual([[`/login?next=${next}`]])
  })

  test('does not happen after a sign-out by the user', async () => {
    const { watch } = await open()
    const assign = visit('https://shop.example/orders')
    const session = await api.signedIn()
    watch(session)
    await session.signOut()
    expect(assign).not.toHaveBeenCalled()
  })

  test('happens for a request of a visitor, and the caller gets the error', async () => {
    const { onError } = await open()
    const assign = visit('https://shop.example/orders')
    const refused = wrapFetch(quiet())(`${api.url}/me`)
    await expect(refused.catch(onError)).rejects.toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
    expect(assign).toHaveBeenCalledOnce()
  })

  test('happens for a visitor’s 401 from axios, but not for a member’s', async () => {
    const { onError } = await open()
    const assign = visit('https://shop.example/orders')
    for (const session of [
      await api.signedIn(),
      jwtSession({ ...api.options, whenSignedOut: 'send' }),
    ]) {
      const client = axios.create({ baseURL: api.url })
      registerAuth(client, session)
      client.interceptors.response.use(undefined, onError)
      await expect(client.get('/forbidden')).rejects.toMatchObject({ response: { status: 401 } })
      expect(assign).toHaveBeenCalledTimes(session.state.status === 'signedIn' ? 0 : 1)
    }
  })

  test.each([
    ['/orders?page=2#last', '/orders?page=2#last'],
    ['https://evil.example/', '/'],
    ['//evil.example/', '/'],
    ['/\\evil.example/', '/'],
    ['javascript:alert(1)', '/'],
  ])('back from the login page, %s leads to %s', async (next, expected) => {
    const { returnAddress } = await open()
    visit(`https://shop.example/login?next=${encodeURIComponent(next)}`)
    expect(returnAddress()).toBe(expected)
  })
})

test('a user who returns to a tab has a fresh token, and a visitor does not start a sign-in', async () => {
  type Watch = (session: TokenManager) => () => void
  const { renewOnReturn } = await runShown<{ renewOnReturn: Watch }>(page, ['visibilitychange'])
  const { document, Event } = openPage('https://shop.example')
  let ahead = 0
  const session = jwtSession({ ...api.options, clock: { now: () => Date.now() + ahead } })
  const stop = renewOnReturn(session)
  document.dispatchEvent(new Event('visibilitychange')) // of a visitor
  await session.signIn(ada)
  const before = api.countOf('/auth/refresh')
  ahead = 3_600_000
  document.dispatchEvent(new Event('visibilitychange'))
  await vi.waitUntil(() => session.state.generation === 2)
  expect(api.countOf('/auth/refresh')).toBe(before + 1)
  stop()
})

test('sessions of two tenants on one store stay separate', async () => {
  type Make = (options: JwtSessionOptions) => (tenant: string) => JwtSession
  const { tenantSessions } = await runShown<{ tenantSessions: Make }>(page, ['x-tenant'])
  const of = tenantSessions({ ...api.options, store: memoryStore() })
  await of('north').signIn(ada)
  expect(api.lastTo('/auth/login')?.headers.get('x-tenant')).toBe('north')
  expect(of('north')).toBe(of('north'))
  expect([await of('north').isSignedIn(), await of('south').isSignedIn()]).toEqual([true, false])
  await of('north').refresh()
  expect(api.lastTo('/auth/refresh')?.headers.get('x-tenant')).toBe('north')
})

describe('a download', () => {
  type Download = (send: typeof fetch, address: string, fileName: string) => Promise<void>
  const open = async () =>
    (await runShown<{ download: Download }>(page, ['createObjectURL'])).download

  test('is fetched with a renewed token, and saved under its name', async () => {
    const download = await open()
    const { document } = openPage('https://shop.example')
    const clicked: string[] = []
    const create = document.createElement.bind(document)
    vi.spyOn(document, 'createElement').mockImplementation((name: string) => {
      const link = create(name) as unknown as HTMLAnchorElement
      link.click = () => void clicked.push(link.download, link.href)
      return link as unknown as ReturnType<typeof create>
    })
    const session = await api.signedIn()
    api.expire()
    await download(wrapFetch(session), `${api.url}/report.csv`, 'report.csv')
    expect(clicked).toEqual(['report.csv', expect.stringMatching(/^blob:/)])
    expect(await (await fetch(clicked[1] ?? '')).text()).toBe('a,b')
  })

  test('that is refused saves nothing', async () => {
    const download = await open()
    const session = jwtSession({ ...api.options, whenSignedOut: 'send' })
    const refused = download(wrapFetch(session), `${api.url}/report.csv`, 'report.csv')
    await expect(refused).rejects.toThrow('401')
  })
})

test('the code of docs/migrate.md adopts the session of the old code', async () => {
  const { localStorage } = openPage('https://shop.example')
  const { data } = await axios.post(`${api.url}/auth/login`, ada, { adapter: 'http' })
  localStorage.setItem('token', data.access_token)
  localStorage.setItem('refresh', data.refresh_token)
  type Moved = { api: AxiosInstance; takeOver(): Promise<void> }
  const replaced = { 'https://api.example.com': api.url }
  const moved = await runShown<Moved>('docs/migrate.md', ['takeOver'], replaced)
  moved.api.defaults.adapter = 'http'
  expect((await moved.api.get('/products')).data).toEqual({ price: 'public' })
  await moved.takeOver()
  api.expire()
  expect((await moved.api.get('/me')).data).toEqual({ email: ada.email })
  expect(Object.keys(localStorage)).toEqual([expect.stringMatching(/^latchkey/)])
})
