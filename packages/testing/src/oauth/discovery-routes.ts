import type { Context } from 'hono'
import { authenticationMethods } from './client-routes.ts'
import { supportedGrantTypes } from './clients.ts'
import { dpopAlgorithms } from './dpop-proof.ts'
import { endpoints } from './endpoints.ts'
import { issuerOf, type OAuthWorld } from './oauth-world.ts'

/** The same document for RFC 8414 and OpenID Connect Discovery. */
export function serverMetadata(world: OAuthWorld, c: Context): Response {
  const issuer = issuerOf(world, c.req.raw)
  const at = (endpoint: keyof typeof endpoints) => issuer + endpoints[endpoint]
  return c.json({
    issuer,
    authorization_endpoint: at('authorize'),
    token_endpoint: at('token'),
    device_authorization_endpoint: at('deviceAuthorization'),
    introspection_endpoint: at('introspect'),
    revocation_endpoint: at('revoke'),
    registration_endpoint: at('register'),
    end_session_endpoint: at('endSession'),
    userinfo_endpoint: at('userinfo'),
    jwks_uri: at('jwks'),
    scopes_supported: world.settings.scopes,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: supportedGrantTypes,
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
    token_endpoint_auth_methods_supported: authenticationMethods,
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    dpop_signing_alg_values_supported: dpopAlgorithms,
  })
}

/** Says who issues the tokens of a resource (RFC 9728). */
export function resourceMetadata(world: OAuthWorld, c: Context): Response {
  const { origin, pathname } = new URL(c.req.url)
  return c.json({
    resource: origin + pathname.replace(resourceMetadataPath, ''),
    authorization_servers: [issuerOf(world, c.req.raw)],
    scopes_supported: world.settings.scopes,
    bearer_methods_supported: ['header'],
    dpop_signing_alg_values_supported: dpopAlgorithms,
  })
}

export const resourceMetadataPath = '/.well-known/oauth-protected-resource'

export async function jwks(world: OAuthWorld, c: Context): Promise<Response> {
  return c.json({ keys: [await world.signer.publicKey()] })
}
