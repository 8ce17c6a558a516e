import { LatchkeyError } from '@latchkey/core'
import { redactAll } from '@latchkey/core/service'
import {
  type AuthorizationServer,
  AuthorizationResponseError,
  type Client,
  validateAuthResponse,
} from 'oauth4webapi'

/** Returns the parameters of the server's answer, from the callback URL or from a posted form. */
export function toParameters(callback: string | URL | URLSearchParams): URLSearchParams {
  if (callback instanceof URLSearchParams) return callback
  return new URL(callback, 'http://relative.invalid').searchParams // only its query is read
}

/**
 * Returns the code in an authorization response (RFC 6749 section 4.1.2). Checks that it belongs to this server
 * (RFC 9207) and this sign-in.
 *
 * @throws {LatchkeyError} `ERR_SIGN_IN_REFUSED`, `ERR_UNEXPECTED_ANSWER`.
 */
export function readCallback(
  server: AuthorizationServer,
  client: Client,
  parameters: URLSearchParams,
  state: string,
): string {
  const code = parameters.get('code') ?? ''
  try {
    const checked = validateAuthResponse(server, client, parameters, state)
    const found = checked.get('code')
    if (found) return found
  } catch (error) {
    if (error instanceof AuthorizationResponseError) throw refused(error, [code, state])
  }
  throw new LatchkeyError(
    'ERR_UNEXPECTED_ANSWER',
    'The answer to the sign-in has no usable code, or comes from another server. Start the sign-in again.',
  )
}

/** RFC 6749 section 4.1.2.1. */
function refused({ error, error_description }: AuthorizationResponseError, secrets: string[]) {
  const given = { error, ...(error_description !== undefined && { error_description }) }
  const body = redactAll(given, secrets) as Record<string, string>
  const words = Object.values(body).join(': ').slice(0, 400)
  const message = `The sign-in was refused (${words}). The session is as before.`
  return new LatchkeyError('ERR_SIGN_IN_REFUSED', message, { body })
}
