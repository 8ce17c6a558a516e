import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { answerApi, userinfo } from './api-routes.ts'
import { authorize, endSession } from './authorize-routes.ts'
import { introspect, register, revoke } from './client-routes.ts'
import { answerDevicePage, authorizeDevice, devicePage } from './device-routes.ts'
import { jwks, resourceMetadata, resourceMetadataPath, serverMetadata } from './discovery-routes.ts'
import { endpoints } from './endpoints.ts'
import { OAuthError } from './oauth-error.ts'
import type { OAuthWorld } from './oauth-world.ts'
import { answerToken } from './token-routes.ts'

/** The authorization server and the API behind it as one fetch-style app. Pages of any origin may use it. */
export function createOAuthApp(world: OAuthWorld): Hono {
  const app = new Hono()
  const { issuerPath, requireDpopNonce } = world.settings
  app.use(cors({ origin: '*', exposeHeaders: ['DPoP-Nonce', 'WWW-Authenticate'] }))
  app.use(async (c, next) => {
    await next()
    const isAsked = world.refusals.get(c.req.raw)?.error === 'use_dpop_nonce'
    const isUsual = requireDpopNonce && c.req.header('dpop') !== undefined
    if (isAsked || isUsual) c.header('dpop-nonce', world.dpopNonce)
  })
  app.get(`/.well-known/oauth-authorization-server${issuerPath}`, (c) => serverMetadata(world, c))
  app.get(`${issuerPath}/.well-known/openid-configuration`, (c) => serverMetadata(world, c))
  app.get(resourceMetadataPath, (c) => resourceMetadata(world, c))
  app.get(`${resourceMetadataPath}/*`, (c) => resourceMetadata(world, c))
  app.all('/.well-known/*', (c) => c.notFound())

  const issuer = new Hono()
  issuer.get(endpoints.authorize, (c) => authorize(world, c))
  issuer.post(endpoints.token, (c) => answerToken(world, c))
  issuer.post(endpoints.deviceAuthorization, (c) => authorizeDevice(world, c))
  issuer.get(endpoints.device, (c) => devicePage(c))
  issuer.post(endpoints.device, (c) => answerDevicePage(world, c))
  issuer.post(endpoints.introspect, (c) => introspect(world, c))
  issuer.post(endpoints.revoke, (c) => revoke(world, c))
  issuer.post(endpoints.register, (c) => register(world, c))
  issuer.on(['GET', 'POST'], endpoints.endSession, (c) => endSession(world, c))
  issuer.on(['GET', 'POST'], endpoints.userinfo, (c) => userinfo(world, c))
  issuer.get(endpoints.jwks, (c) => jwks(world, c))
  app.route(issuerPath, issuer)

  app.all('*', (c) => answerApi(world, c))
  app.onError((error, c) => {
    if (!(error instanceof OAuthError)) throw error
    world.refusals.set(c.req.raw, error)
    return error.toResponse()
  })
  return app
}
