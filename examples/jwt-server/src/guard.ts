import type { Context, MiddlewareHandler } from 'hono'
import type { Access, AccessTokens } from './access-tokens.ts'
import type { Sessions } from './sessions.ts'

export interface Guarded {
  Variables: { access: Access }
}

const realm = 'notes'

/**
 * Accepts a request with a valid access token that has `scope`. Answers every other request as in
 * RFC 6750 section 3, so that a client knows what helps:
 *
 * - no token: 401, without an error code;
 * - a token that is malformed, expired, forged or revoked: 401 `invalid_token`. A new one helps;
 * - a valid token without the right: 403 `insufficient_scope`. A new token does not help.
 */
export function guard(
  tokens: AccessTokens,
  sessions: Sessions,
  scope?: string,
): MiddlewareHandler<Guarded> {
  return async (context, next) => {
    const header = context.req.header('authorization')
    const [, token] = /^Bearer +(\S+)$/i.exec(header ?? '') ?? []
    if (!token) return refuse(context, 401, {}, 'Send an access token: Authorization: Bearer …')
    const access = await tokens.verify(token)
    if (typeof access === 'string') return invalid(context, access)
    if (!sessions.isOpen(access.sessionId)) return invalid(context, 'The token was revoked')
    if (scope !== undefined && !access.scopes.has(scope)) {
      const error = 'insufficient_scope'
      return refuse(context, 403, { error, scope }, `This takes the scope ${scope}`)
    }
    context.set('access', access)
    return next()
  }
}

const invalid = (context: Context, message: string) =>
  refuse(context, 401, { error: 'invalid_token', error_description: message }, message)

function refuse(
  context: Context,
  status: 401 | 403,
  params: Record<string, string>,
  message: string,
): Response {
  const said = Object.entries({ realm, ...params }).map(([name, value]) => `${name}="${value}"`)
  context.header('www-authenticate', `Bearer ${said.join(', ')}`)
  return context.json({ error: params['error'] ?? 'unauthorized', message }, status)
}
