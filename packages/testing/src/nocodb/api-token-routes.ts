import type { Context } from 'hono'
import { Hono } from 'hono'
import type { Account, StoredApiToken } from './accounts.ts'
import { authenticate, checkAccessToken } from './authenticate.ts'
import { wholeList } from './base-answers.ts'
import { readBody } from './request-body.ts'
import type { World } from './world.ts'
import { timestamp } from './world.ts'

/** The user-level API tokens, which only an access token may touch, and the list of users. */
export function apiTokenRoutes(world: World): Hono {
  const routes = new Hono()
  routes.get('/api/v1/tokens', async (c) => {
    const user = await byAccessToken(world, c)
    const tokens = world.accounts.apiTokensOf(user.id)
    // The list has the user's own tokens, its total counts everybody's: so does the real server.
    const totalRows = world.accounts.apiTokenCount()
    return c.json(
      wholeList(
        tokens.map((token) => listed(token, user)),
        totalRows,
        25,
      ),
    )
  })
  routes.post('/api/v1/tokens', async (c) => {
    const user = await byAccessToken(world, c)
    const { description } = await readBody(c)
    const token = world.accounts.addApiToken({
      userId: user.id,
      description: typeof description === 'string' ? description : null,
      at: world.now(),
    })
    return c.json(created(world, token))
  })
  routes.delete('/api/v1/tokens/:id', async (c) => {
    const user = await byAccessToken(world, c)
    const stored = world.accounts.apiTokenById(Number(c.req.param('id')))
    if (!stored) throw world.answers.unknownApiToken()
    if (stored.userId !== user.id) throw world.answers.message(404, 'Token not found')
    world.accounts.deleteApiToken(stored.id)
    return c.body(null)
  })
  routes.get('/api/v1/users', async (c) => c.json(wholeList(await userList(world, c))))
  return routes
}

async function byAccessToken(world: World, c: Context): Promise<Account> {
  const checked = await checkAccessToken(world, c.req.raw.headers)
  if ('user' in checked) return checked.user
  const { answers } = world
  if (checked.fault === 'out of date') throw answers.tokenOutOfDate()
  throw checked.fault === 'user unknown' ? answers.unknownTokenUser() : answers.unauthorized()
}

async function userList(world: World, c: Context) {
  const identity = await authenticate(world, c.req.raw.headers)
  if (!identity) throw world.answers.invalidToken()
  if (identity.by === 'api token') throw world.answers.apiTokenNotAllowed()
  if (!identity.user.roles.includes('super')) throw world.answers.roleTooLow('userList')
  return world.accounts.all().map(({ id, email, roles, createdAt }) => ({
    id,
    email,
    roles: roles.join(','),
    display_name: null,
    created_at: timestamp(createdAt),
  }))
}

function listed(stored: StoredApiToken, user: Account) {
  return {
    id: stored.id,
    token: stored.token,
    description: stored.description,
    fk_user_id: stored.userId,
    fk_sso_client_id: null,
    base_id: null,
    created_at: timestamp(stored.createdAt),
    updated_at: timestamp(stored.createdAt),
    created_by: user.email,
  }
}

/** Before 0.300 the answer to a creation had fewer fields. */
function created(world: World, stored: StoredApiToken) {
  const { id, token, description, userId, createdAt } = stored
  const at = timestamp(createdAt)
  const always = { id, base_id: null, description, token, fk_user_id: userId }
  const dates = { created_at: at, updated_at: at }
  if (!world.traits.prefixedCodes) return { ...always, ...dates }
  const later = { db_alias: null, permissions: null, expiry: null, enabled: 1 }
  return { ...always, ...later, fk_workspace_id: null, fk_sso_client_id: null, ...dates }
}
