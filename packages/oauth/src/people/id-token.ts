import { LatchkeyError } from '@latchkey/core'
import {
  type AuthorizationServer,
  type Client,
  clockTolerance,
  processAuthorizationCodeResponse,
} from 'oauth4webapi'

/** The token answers a single-use code, so it is fresh whatever this machine's clock says, in seconds. */
const ANY_CLOCK = 10 * 366 * 24 * 60 * 60

/**
 * Checks that the ID token of a sign-in is for this client, from this server and of this sign-in (OpenID
 * Connect Core section 3.1.3.7). Its signature is not checked: it came from the server itself, by TLS.
 *
 * @param nonce Absent: OpenID was not asked for, and whatever came is kept unread.
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
  // Of the answer only the ID token is read strictly.
  const answer = Response.json({ access_token: 'unread', token_type: 'bearer', id_token })
  const lenient = { ...client, [clockTolerance]: ANY_CLOCK }
  const expected = { expectedNonce: nonce, requireIdToken: true }
  try {
    await processAuthorizationCodeResponse(server, lenient, answer, expected)
  } catch {
    throw new LatchkeyError(
      'ERR_UNEXPECTED_ANSWER',
      `${server.issuer} answered with an ID token that is not of this sign-in. Start the sign-in again.`,
    )
  }
}
