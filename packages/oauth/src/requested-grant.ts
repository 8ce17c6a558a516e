import type { Grant, MaybePromise, TokenSet } from '@latchkey/core'
import type { Exchange } from './sending.ts'
import { type OAuthContext, requestTokens } from './token-endpoint.ts'

/** Parameters of a grant type besides `grant_type`, with their names in the protocol. */
export type GrantParameters = Readonly<Record<string, string>>

/**
 * Another grant type of the token endpoint: a token exchange (RFC 8693), a JWT bearer assertion
 * (RFC 7523), or a cloud provider's own.
 *
 * @example
 * import { readFile } from 'node:fs/promises'
 *
 * const workload = {
 *   name: 'workload identity',
 *   grantType: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
 *   parameters: async () => ({ assertion: await readFile('/run/token', 'utf8') }),
 * }
 */
export interface OAuthGrant {
  /** Shown in events and error messages, so never a secret. */
  name: string
  /** The `grant_type`, such as `'urn:ietf:params:oauth:grant-type:token-exchange'`. */
  grantType: string
  /**
   * The other parameters. A function is called at each renewal. If it returns `undefined`, the grant does not
   * apply, and the next one is tried.
   */
  parameters?: GrantParameters | (() => MaybePromise<GrantParameters | undefined>)
  /** Why the grant does not apply: a few words for the message of `ERR_SIGN_IN_REQUIRED`. */
  missing?: string
}

/** Returns a grant of core as it is, and wraps another grant type. After a rejection the next grant is tried. */
export function requestedGrant(context: OAuthContext, grant: Grant | OAuthGrant): Grant {
  if ('request' in grant) return grant
  const { name, missing, grantType, parameters = {} } = grant
  return {
    name,
    ...(missing !== undefined && { missing }),
    async request(exchange) {
      const given = typeof parameters === 'function' ? await parameters() : parameters
      return given && requestOtherGrant(context, { name, grantType }, given, exchange)
    },
  }
}

/** Sends one request. @throws `GrantRejectedError` with `ERR_GRANT_REJECTED`, as requestTokens(). */
export function requestOtherGrant(
  context: OAuthContext,
  { name, grantType }: Pick<OAuthGrant, 'name' | 'grantType'>,
  parameters: GrantParameters,
  exchange: Exchange,
): Promise<TokenSet> {
  const request = {
    action: `issue a token for "${name}"`,
    grantType,
    parameters,
    rejection: 'ERR_GRANT_REJECTED',
    secrets: secretsIn(parameters),
  }
  return requestTokens(context, request, exchange)
}

/** Returns the values whose names mark them as secret: `assertion`, `subject_token`, `actor_token`, `code`. */
function secretsIn(parameters: GrantParameters): string[] {
  const isSecret = (name: string) =>
    /assertion|token|secret|password|code|key/.test(name) && !/_(type|method)$/.test(name)
  const found = Object.entries(parameters).filter(([name]) => isSecret(name))
  return found.map(([, value]) => value)
}
