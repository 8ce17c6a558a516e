import { randomUUID } from 'node:crypto'
import { type JwtSession, jwtSession, type JwtSessionOptions } from '@latchkey/jwt'
import { listen } from '@latchkey/testing/node'
import { type Context, Hono } from 'hono'

/** Who may sign in. Grace needs a code as well. */
export const ada = { email: 'ada@example.com', password: 'CANARY-7f3a-ada' }
export const grace = { email: 'grace@example.com', password: 'CANARY-7f3a-grace' }
export const code = '123456'

/** An API as the recipes know it: a shop with public and private pages. Refresh tokens work once. */
export async function startRecipeApi() {
  const tokens = createTokens()
  const arrived: { path: string; headers: Headers }[] = []
  const app = new Hono()
  const userOf = ({ req }: Context) =>
    tokens.access.get((req.header('authorization') ?? '').replace('Bearer ', ''))

  const faults = new Map<string, number>()
  app.use(async ({ req }, next) => {
    arrived.push({ path: req.path, headers: req.raw.headers })
    const status = faults.get(req.path)
    if (status === undefined) return next()
    faults.delete(req.path)
    return new Response('', { status })
  })
  addSignIn(app, tokens)
  app.get('/products', (c) => c.json({ price: userOf(c) ? 'member' : 'public' }))
  app.get('/me', (c) => {
    const email = userOf(c)
    return email ? c.json({ email }) : c.json({ message: 'Who are you?' }, 401)
  })
  const { url, close } = await listen({ fetch: async (request) => app.fetch(request) })
  const options = { baseUrl: url, signIn: '/auth/login', refresh: '/auth/refresh' }
  return {
    url,
    options,
    /** For more routes, before anything is asked. */
    app,
    userOf,
    userOfToken: (token: string) => tokens.access.get(token),
    /** Every access token issued so far is dead. */
    expire: () => tokens.access.clear(),
    /** So is every refresh token. */
    end: () => (tokens.access.clear(), tokens.refresh.clear()),
    /** The next request to `path` is answered with `status`. */
    failNext: (path: string, status: number) => void faults.set(path, status),
    countOf: (path: string) => arrived.filter((request) => request.path === path).length,
    lastTo: (path: string) => arrived.findLast((request) => request.path === path),
    async signedIn(more: Partial<JwtSessionOptions> = {}): Promise<JwtSession> {
      const session = jwtSession({ ...options, ...more })
      await session.signIn(ada)
      return session
    },
    close,
  }
}

export type RecipeApi = Awaited<ReturnType<typeof startRecipeApi>>

type Tokens = ReturnType<typeof createTokens>

/** What is good at the moment, each with its user. */
function createTokens() {
  const access = new Map<string, string>()
  const refresh = new Map<string, string>()
  function issue(email: string) {
    const tokens = { access_token: randomUUID(), refresh_token: randomUUID(), expires_in: 600 }
    access.set(tokens.access_token, email)
    refresh.set(tokens.refresh_token, email)
    return tokens
  }
  return { access, refresh, issue }
}

function addSignIn(app: Hono, { refresh, issue }: Tokens): void {
  const tickets = new Map<string, string>()
  app.post('/auth/login', async (c) => {
    const { email = '', password } = await c.req.json<Partial<typeof ada>>()
    if (!email.includes('@')) return c.json({ errors: { email: ['is not an address'] } }, 422)
    const user = [ada, grace].find((one) => one.email === email && one.password === password)
    if (!user) return c.json({ message: 'Wrong password.' }, 401)
    if (user === ada) return c.json(issue(email))
    const ticket = randomUUID()
    tickets.set(ticket, email)
    return c.json({ twoFactor: true, ticket })
  })
  app.post('/auth/two-factor', async (c) => {
    const { ticket = '', code: given } = await c.req.json<{ ticket?: string; code?: string }>()
    const email = tickets.get(ticket)
    const isRight = email !== undefined && given === code
    return isRight ? c.json(issue(email)) : c.json({ errors: { code: ['is wrong'] } }, 422)
  })
  app.post('/auth/refresh', async (c) => {
    const { refresh_token: snake, refreshToken: camel } = await c.req.json<Record<string, string>>()
    const given = snake ?? camel ?? ''
    const email = refresh.get(given)
    refresh.delete(given)
    return email ? c.json(issue(email)) : c.json({ message: 'Spent.' }, 401)
  })
}
