import { Hono } from 'hono'
import { ErrorAnswer } from './answers.ts'
import { apiTokenRoutes } from './api-token-routes.ts'
import { dataRoutes } from './data-routes.ts'
import { readJson } from './request-body.ts'
import { sessionRoutes } from './session-routes.ts'
import type { World } from './world.ts'

/** The server as one fetch-style app. Bodies are parsed before anybody is asked who they are. */
export function createApp(world: World): Hono {
  const app = new Hono({ strict: false })
  app.use(async (c, next) => {
    await readJson(c)
    await next()
  })
  app.get('/api/v1/meta/nocodb/info', (c) => {
    const firstUser = world.accounts.all().length === 0
    return c.json({ authType: 'jwt', baseHasAdmin: !firstUser, firstUser, type: 'rest', ee: false })
  })
  app.route('/', sessionRoutes(world))
  app.route('/', apiTokenRoutes(world))
  app.route('/', dataRoutes(world))
  app.notFound((c) => {
    const { status, body } = world.answers.routeNotFound(c.req.method, c.req.path)
    return Response.json(body, { status })
  })
  app.onError((error) => {
    if (!(error instanceof ErrorAnswer)) throw error
    return Response.json(error.body, { status: error.status })
  })
  return app
}
