import { isLatchkeyError } from '@latchkey/core'
import { wrapFetch } from '@latchkey/fetch'
import type { NocoDB } from '@latchkey/nocodb'
import { Hono } from 'hono'
import { csrf } from 'hono/csrf'
import { HTTPException } from 'hono/http-exception'
import { type Base, basesPage, errorPage, signInPage } from './pages.ts'
import type { Sessions } from './sessions.ts'

/** Pages for the bases of a NocoDB: a sign-in form, the visitor's bases, and a sign-out. */
export function createApp(nocodbUrl: string, sessions: Sessions) {
  const app = new Hono<{ Variables: { noco: NocoDB } }>()

  app.use(csrf()) // behind a proxy that ends TLS, name your origin: csrf({ origin })
  app.use(async (c, next) => {
    c.set('noco', sessions.open(c))
    c.header('cache-control', 'no-store') // caches must not return the page or its cookie to other visitors
    await next()
  })

  app.get('/', async (c) => {
    const { noco } = c.var
    if (!(await noco.isSignedIn())) return c.redirect('/sign-in', 303)
    const api = wrapFetch(noco)
    const [user, answer] = await Promise.all([noco.me(), api(`${nocodbUrl}/api/v2/meta/bases`)])
    if (!answer.ok) throw noco.explain(answer) ?? new Error(`NocoDB answered ${answer.status}`)
    const { list: bases } = (await answer.json()) as { list: Base[] }
    return c.html(basesPage({ email: user.email, bases })) // last: a session that is stored later is lost
  })

  app.get('/sign-in', (c) => c.html(signInPage()))

  app.post('/sign-in', async (c) => {
    const form = new URLSearchParams(await c.req.text())
    const field = (name: string) => form.get(name) ?? ''
    try {
      await sessions.signIn(c, { email: field('email'), password: field('password') })
      return c.redirect('/', 303)
    } catch (error) {
      if (!isLatchkeyError(error) || error.code !== 'ERR_WRONG_CREDENTIALS') throw error
      return c.html(signInPage('E-mail or password is wrong.'), 401)
    }
  })

  app.post('/sign-out', async (c) => {
    await c.var.noco.signOut()
    return c.redirect('/sign-in', 303)
  })

  app.onError((error, c) => {
    if (error instanceof HTTPException) return error.getResponse() // csrf's
    console.error(error) // it contains no secret
    return c.html(errorPage('NocoDB could not be asked.'), 503)
  })
  return app
}
