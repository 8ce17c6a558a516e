import { readFile } from 'node:fs/promises'
import { createNocoDBDouble } from '@latchkey/testing'
import { listen } from '@latchkey/testing/node'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createApp } from '../server-rendered/src/app.ts'
import { cookieSessions, storedSessions } from '../server-rendered/src/sessions.ts'
import { openBrowser } from './support/visitor.ts'

const ada = { email: 'ada@example.com', password: 'CANARY-7f3a-ada' }
const grace = { email: 'grace@example.com', password: 'CANARY-7f3a-grace' }

type Keep = typeof cookieSessions

const keepers: Record<string, Keep> = {
  'in cookies': cookieSessions,
  'on the server': (options) => storedSessions(options),
}

/** A NocoDB, the app in front of it, and the app's clock, which moves only when a test moves it. */
async function start(keep: Keep) {
  const { control, fetch: answer } = createNocoDBDouble()
  for (const user of [ada, grace]) control.addUser(user)
  control.addTable({ title: 'Notes <3' })
  const noco = await listen({ fetch: answer })
  let ahead = 0
  const clock = { now: () => Date.now() + ahead }
  const { fetch } = createApp(noco.url, keep({ baseUrl: noco.url, clock }))
  const { url: origin, close } = await listen({ fetch: async (request) => fetch(request) })
  onTestFinished(async () => {
    await close()
    await noco.close()
  })
  return {
    control,
    origin,
    pass: (ms: number) => void (ahead += ms),
    /** Makes both access tokens invalid; the refresh tokens stay valid. */
    expire: () => [ada, grace].forEach(({ email }) => control.revokeAccessTokens(email)),
    async visit(user: typeof ada) {
      const browser = openBrowser(origin)
      await browser.submit('/sign-in', user)
      return browser
    },
  }
}

const pageOf = ({ email }: typeof ada) => expect.stringContaining(`Signed in as <b>${email}</b>`)

describe.each(Object.entries(keepers))('pages with sessions %s', (_, keep) => {
  test('are for who has signed in', async () => {
    const { origin, control } = await start(keep)
    const browser = openBrowser(origin)
    expect(await browser.open('/')).toMatchObject({ status: 200, path: '/sign-in' })
    const wrong = await browser.submit('/sign-in', { ...ada, password: 'CANARY-7f3a-wrong' })
    expect(wrong).toMatchObject({ status: 401, text: expect.stringContaining('is wrong') })
    const page = await browser.submit('/sign-in', ada)
    expect(page).toMatchObject({ status: 200, path: '/', text: pageOf(ada) })
    expect(page.text).toContain('<li>Notes &lt;3</li>')
    expect(page.text + wrong.text).not.toMatch(/CANARY|eyJ/)
    expect(page.headers.get('cache-control')).toBe('no-store')
    expect(control.counts()).toMatchObject({ signIns: 1, rejectedSignIns: 1 })
  })

  test('leave one cookie, which no script reads and no other host plants', async () => {
    const { visit } = await start(keep)
    const cookies = await (await visit(ada)).cookies()
    expect(cookies).toHaveLength(1)
    expect(cookies[0]).toMatchObject({ httpOnly: true, secure: true, sameSite: 'lax', path: '/' })
    expect(cookies[0]?.key).toMatch(/^__Host-/)
  })

  test('renew a token that is refused while they are made, and the next one needs no renewal', async () => {
    const { visit, expire, control } = await start(keep)
    const browser = await visit(ada)
    expire()
    const pages = [await browser.open('/'), await browser.open('/')]
    for (const page of pages) expect(page).toMatchObject({ path: '/', text: pageOf(ada) })
    expect(control.counts()).toMatchObject({ signIns: 1, renewals: 1 })
  })

  test('renew a token that has expired before the API is asked', async () => {
    const { visit, pass, control } = await start(keep)
    const browser = await visit(ada)
    pass(10 * 3_600_000)
    control.resetCounts()
    expect(await browser.open('/')).toMatchObject({ status: 200, text: pageOf(ada) })
    expect(control.counts()).toMatchObject({ renewals: 1, unauthorized: 0 })
  })

  test('of two visitors at once, both in the middle of a renewal, are each one’s own', async () => {
    const { visit, expire, control } = await start(keep)
    const browsers = [await visit(ada), await visit(grace)]
    for (const round of [1, 2]) {
      expire()
      const hold = control.hold('renewal')
      const pages = Promise.all(browsers.map((browser) => browser.open('/')))
      await hold.whenWaiting(2)
      hold.release()
      expect(await pages).toMatchObject([{ text: pageOf(ada) }, { text: pageOf(grace) }])
      expect(control.counts()).toMatchObject({ signIns: 2, renewals: 2 * round })
    }
  })

  test('end with a sign-out, also for a copy of the cookie', async () => {
    const { origin, visit, control } = await start(keep)
    const browser = await visit(ada)
    const [cookie] = await browser.cookies()
    expect(await browser.submit('/sign-out')).toMatchObject({ status: 200, path: '/sign-in' })
    expect(await browser.open('/')).toMatchObject({ path: '/sign-in' })
    expect(control.counts().signOuts).toBe(1)
    const copied = {
      headers: { cookie: cookie?.cookieString() ?? '' },
      redirect: 'manual' as const,
    }
    expect((await fetch(origin, copied)).headers.get('location')).toBe('/sign-in')
  })

  test('say so while NocoDB is away, and the session stays', async () => {
    const { visit, control } = await start(keep)
    const report = vi.spyOn(console, 'error').mockReturnValue()
    const browser = await visit(ada)
    control.failNext('data', 1, { status: 503 })
    expect(await browser.open('/')).toMatchObject({ status: 503, path: '/' })
    expect(await browser.open('/')).toMatchObject({ status: 200, text: pageOf(ada) })
    expect(report).toHaveBeenCalledOnce()
    report.mockRestore()
  })

  test('take no form of another site', async () => {
    const { visit } = await start(keep)
    const browser = await visit(ada)
    const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    expect(await browser.submit('/sign-out', {}, headers)).toMatchObject({ status: 403 })
    expect(await browser.open('/')).toMatchObject({ text: pageOf(ada) })
  })
})

describe('pages that one visitor opens at once, across an expiry,', () => {
  test('with the session on the server, all come after one renewal', async () => {
    const { visit, expire, control } = await start((options) => storedSessions(options))
    const browser = await visit(ada)
    expire()
    const pages = await Promise.all(Array.from({ length: 5 }, () => browser.open('/')))
    expect(pages.map(({ path }) => path)).toEqual(Array.from({ length: 5 }, () => '/'))
    expect(control.counts()).toMatchObject({ renewals: 1, rejectedRenewals: 0 })
  })

  test('with the session in a cookie, present NocoDB’s refresh token twice, and one is signed out', async () => {
    const { visit, expire, control } = await start(cookieSessions)
    const browser = await visit(ada)
    expire()
    const hold = control.hold('renewal')
    const pages = Promise.all([browser.open('/'), browser.open('/')])
    await hold.whenWaiting(2)
    hold.release()
    expect((await pages).map(({ path }) => path).toSorted()).toEqual(['/', '/sign-in'])
    expect(control.counts()).toMatchObject({ renewals: 1, rejectedRenewals: 1 })
  })
})

test('a session in a cookie is not renewed in the background: its cookie would come too late', async () => {
  const { visit, pass, control } = await start(cookieSessions)
  const browser = await visit(ada)
  pass(10 * 3_600_000 - 10_000) // ten seconds are left
  const [me, renewal] = [control.hold('me'), control.hold('renewal')]
  const page = browser.open('/')
  await me.whenWaiting()
  pass(9_000) // and now one
  me.release()
  expect(await page).toMatchObject({ status: 200, text: pageOf(ada) })
  expect(renewal.waiting).toBe(0)
})

test('the guide shows these very sessions', async () => {
  const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8')
  const guide = await read('docs/server-rendering.md')
  expect(guide).toContain(await read('examples/server-rendered/src/sessions.ts'))
})
