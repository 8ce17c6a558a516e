import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify } from 'jose'
import type { OAuthServer } from './server.ts'

export interface DPoPResource {
  /** Its origin, which is another one than the authorization server's. */
  readonly url: string
  /** How often a proof had no nonce, or an old one. */
  readonly noticed: { withoutNonce: number; accepted: number }
  /** From now on proofs need another nonce. */
  rotate(): void
  close(): Promise<void>
}

/**
 * An API on an origin of its own that takes tokens of `server`, each with a proof of its key, and checks all that
 * RFC 9449 section 4.3 lists: the method, the address, the token, the nonce, and that no proof comes twice.
 */
export async function startDPoPResource(server: OAuthServer): Promise<DPoPResource> {
  const seen = new Set<unknown>()
  const noticed = { withoutNonce: 0, accepted: 0 }
  let nonce = 1

  /** The error of a challenge; none for a request that is in order. */
  async function judge({ headers, method, url }: IncomingMessage): Promise<string | undefined> {
    const [scheme, token = ''] = headers.authorization?.split(' ') ?? []
    const thumbprint = await server.keyOf(token)
    if (scheme !== 'DPoP' || thumbprint === undefined) return 'invalid_token'
    const expected = { typ: 'dpop+jwt', algorithms: ['ES256'] }
    const { payload, protectedHeader } = await jwtVerify(
      String(headers.dpop),
      EmbeddedJWK,
      expected,
    )
    if (payload['nonce'] !== `nonce-${nonce}`) return 'use_dpop_nonce'
    const isProof =
      (await calculateJwkThumbprint(protectedHeader.jwk ?? {})) === thumbprint &&
      payload['htm'] === method &&
      payload['htu'] === `http://${headers.host}${url?.split('?')[0]}` &&
      payload['ath'] === createHash('sha256').update(token).digest('base64url') &&
      !seen.has(payload.jti)
    seen.add(payload.jti)
    return isProof ? undefined : 'invalid_dpop_proof'
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const error = await judge(request).catch(() => 'invalid_dpop_proof')
    request.resume()
    if (error === 'use_dpop_nonce') {
      noticed.withoutNonce += 1
      response.setHeader('dpop-nonce', `nonce-${nonce}`)
    }
    if (!error) noticed.accepted += 1
    response.writeHead(
      error ? 401 : 200,
      error ? { 'www-authenticate': `DPoP error="${error}"` } : {},
    )
    response.end('{}')
  }

  const http = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => void http.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    noticed,
    rotate: () => void (nonce += 1),
    async close() {
      http.closeAllConnections()
      await new Promise((resolve) => void http.close(resolve))
    },
  }
}
