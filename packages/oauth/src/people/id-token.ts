import { LatchkeyError } from '@latchkey/core'
import {
  type AuthorizationServer,
  type Client,
  clockTolerance,
  processAuthorizationCodeResponse,
} from 'oauth4webapi'

/** Tolerance in seconds. Any clock error is allowed, because a token for a single-use code is always fresh. */
const ANY_CLOCK = 10 * 366 * 24 * 60 * 60

/**
 * Checks that the ID token is for this client and this sign-in, and from this server (OpenID Connect Core
 * section 3.1.3.7). Its signature is not checked, because it came from the server itself, over TLS.
 *
 * @param nonce Absent if OpenID was not requested. An ID token is then kept, but not checked.
 * @throws {LatchkeyError} `ERR_UNEXPECTED_ANSWER`.
 */
export async function expectOwnIdToken(
  server: AuthorizationServer,
  client: Client,
  body: unknown,
  nonce: string | undefined,
): Promise<void> {
  const { id_token } = body as { id_token?: unknown }
  if (nonce === undefined || id_token === undefined) return
  // oauth4webapi is strict about the whole answer. Only the ID token matters here, so the rest is replaced.
  const answer = Response.json({ access_token: 'unread', token_type: 'bearer', id_token })
  const lenient = { ...client, [clockTolerance]: ANY_CLOCK }
  const expected = { expectedNonce: nonce, requireIdToken: true }
  try {
    await processAuthorizationCodeResponse(server, lenient, answer, expected)
  } catch {
    throw new LatchkeyError(
      'ERR_UNEXPECTED_ANSWER',
      `${server.issuer} answered with an ID token of another sign-in. Start the sign-in again.`,
    )
  }
}
