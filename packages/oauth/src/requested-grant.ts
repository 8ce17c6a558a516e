import type { Grant, MaybePromise, TokenSet } from '@latchkey/core'
import type { Exchange } from './sending.ts'
import { type OAuthContext, requestTokens } from './token-endpoint.ts'

/** What a grant type wants besides `grant_type`, by its names on the wire. */
export type GrantParameters = Readonly<Record<string, string>>

/**
 * Another grant type of the token endpoint: a token exchange (RFC 8693), a JWT bearer assertion
 * (RFC 7523), one of a cloud's own.
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
   * What else to send. A function is asked at each renewal; `undefined` from it means that the grant
   * does not apply, so that the next one is asked.
   */
  parameters?: GrantParameters | (() => MaybePromise<GrantParameters | undefined>)
  /** Why it does not apply, when it does not: a few words for the message of `ERR_SIGN_IN_REQUIRED`. */
  missing?: string
}

/** A grant of core as it is; another grant type as one. A no of the server makes way for the next grant. */
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

/** One request. @throws `GrantRejectedError` with `ERR_GRANT_REJECTED`, as requestTokens(). */
export function requestOtherGrant(
  context: OAuthContext,
  { name, grantType }: Pick<OAuthGrant, 'name' | 'grantType'>,
  parameters: GrantParameters,
  exchange: Exchange,
): Promise<TokenSet> {
  const request = {
    action: `give a token for "${name}"`,
    grantType,
    parameters,
    rejection: 'ERR_GRANT_REJECTED',
    secrets: secretsIn(parameters),
  }
  return requestTokens(context, request, exchange)
}

/** The values that are secret by their names: `assertion`, `subject_token`, `actor_token`, `code`. */
function secretsIn(parameters: GrantParameters): string[] {
  const isSecret = (name: string) =>
    /assertion|token|secret|password|code|key/.test(name) && !/_(type|method)$/.test(name)
  const found = Object.entries(parameters).filter(([name]) => isSecret(name))
  return found.map(([, value]) => value)
}
