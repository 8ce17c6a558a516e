import type { LatchkeyError, TokenSet } from '@latchkey/core'
import { readObject } from '@latchkey/core/service'
import { type ClientAuth, revocationRequest } from 'oauth4webapi'
import { isToken, otherTokens } from './audiences.ts'
import { refusal } from './refusal.ts'
import { type Exchange, requestOptions } from './sending.ts'
import type { OAuthContext } from './token-endpoint.ts'

/**
 * Revokes a token set at the server (RFC 7009): first the refresh token, because most servers then also end its
 * access tokens, then the access tokens. Does nothing if the server has no revocation endpoint.
 */
export async function revokeTokens(
  context: OAuthContext,
  ended: TokenSet,
  exchange: Exchange,
): Promise<true> {
  const { revocation_endpoint: endpoint } = await context.locate(exchange)
  if (endpoint === undefined) return true
  const { refreshToken } = ended
  const accessTokens = [ended.accessToken, ...Object.values(otherTokens(ended)).filter(isToken)]
  const revoke = async (token: string, hint: string) => {
    const response = await sendRevocation(context, token, exchange, { token_type_hint: hint })
    const body = await response.text()
    const secrets = [...accessTokens, refreshToken ?? '', ...context.secrets()]
    // RFC 7009 section 2.2.1: these tokens (mostly signed access tokens) only expire.
    const isBeyond = readObject(body)['error'] === 'unsupported_token_type'
    if (!response.ok && !isBeyond) throw notRevoked(response, body, secrets)
  }
  if (refreshToken !== undefined) await revoke(refreshToken, 'refresh_token')
  for (const accessToken of accessTokens) await revoke(accessToken, 'access_token')
  return true
}

/** Sends one request to the revocation endpoint. Returns any answer. */
export async function sendRevocation(
  context: OAuthContext,
  token: string,
  exchange: Exchange,
  parameters: Record<string, string>,
  authentication: ClientAuth = context.authentication,
): Promise<Response> {
  const server = await context.locate(exchange)
  const options = { ...requestOptions(exchange), additionalParameters: parameters }
  return revocationRequest(server, context.client, authentication, token, options)
}

/** Makes the error for a failed revocation. */
export function notRevoked(
  response: Response,
  body: string,
  secrets: readonly string[],
): LatchkeyError {
  const asked = { action: 'revoke the session', rejection: 'ERR_GRANT_REJECTED', secrets }
  return refusal(response, body, asked)
}
