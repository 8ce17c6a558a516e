/** What a request is for: the unit of counting and of injected faults. */
export type OAuthRequestKind =
  | 'discovery'
  | 'authorization'
  | 'deviceAuthorization'
  | 'signIn'
  | 'devicePoll'
  | 'clientCredentials'
  | 'renewal'
  | 'revocation'
  | 'introspection'
  | 'registration'
  | 'endSession'
  | 'api'
  | 'preflight'

/** Below the issuer's path. */
export const endpoints = {
  authorize: '/authorize',
  token: '/token',
  device: '/device',
  deviceAuthorization: '/device_authorization',
  introspect: '/introspect',
  revoke: '/revoke',
  register: '/register',
  endSession: '/end_session',
  userinfo: '/userinfo',
  jwks: '/jwks',
} as const

const byPath: Readonly<Record<string, OAuthRequestKind>> = {
  [endpoints.authorize]: 'authorization',
  [endpoints.device]: 'authorization',
  [endpoints.deviceAuthorization]: 'deviceAuthorization',
  [endpoints.introspect]: 'introspection',
  [endpoints.revoke]: 'revocation',
  [endpoints.register]: 'registration',
  [endpoints.endSession]: 'endSession',
  [endpoints.jwks]: 'discovery',
}

const byGrant: Readonly<Record<string, OAuthRequestKind>> = {
  refresh_token: 'renewal',
  client_credentials: 'clientCredentials',
  'urn:ietf:params:oauth:grant-type:device_code': 'devicePoll',
}

export const oauthRequestKinds: readonly OAuthRequestKind[] = [
  ...new Set([...Object.values(byPath), ...Object.values(byGrant)]),
  'signIn',
  'api',
  'preflight',
]

/** @returns the kind of a request. A token request is told by its grant type. */
export async function kindOfOAuth(request: Request, issuerPath: string): Promise<OAuthRequestKind> {
  if (request.method === 'OPTIONS') return 'preflight'
  const { pathname } = new URL(request.url)
  if (pathname.includes('/.well-known/')) return 'discovery'
  if (!pathname.startsWith(`${issuerPath}/`)) return 'api'
  const path = pathname.slice(issuerPath.length)
  if (path !== endpoints.token) return byPath[path] ?? 'api'
  const grantType = new URLSearchParams(await request.clone().text()).get('grant_type')
  return byGrant[grantType ?? ''] ?? 'signIn'
}
