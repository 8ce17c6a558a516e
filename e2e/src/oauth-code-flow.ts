import type { TokenSet } from '@latchkey/core'
import * as oauth from 'oauth4webapi'

/** Who signs in where. */
export interface CodeFlow {
  issuer: string
  clientId: string
  clientSecret: string
  callback: string
  scope: string
}

/**
 * A whole authorization code flow with PKCE, the way an app does it with oauth4webapi: the browser's
 * part is played by fetch and a cookie jar.
 */
export async function signInByCode(flow: CodeFlow): Promise<TokenSet & { refreshToken: string }> {
  const insecure = { [oauth.allowInsecureRequests]: true } // loopback
  const issuer = new URL(flow.issuer)
  const server = await oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, insecure),
  )
  const client = { client_id: flow.clientId }
  const verifier = oauth.generateRandomCodeVerifier()
  const start = new URL(server.authorization_endpoint ?? '')
  start.search = `${new URLSearchParams({
    client_id: flow.clientId,
    redirect_uri: flow.callback,
    response_type: 'code',
    scope: flow.scope,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  })}`
  const end = await browse(start, flow.callback)
  const parameters = oauth.validateAuthResponse(server, client, end, oauth.expectNoState)
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    oauth.ClientSecretBasic(flow.clientSecret),
    parameters,
    flow.callback,
    verifier,
    insecure,
  )
  const answer = await oauth.processAuthorizationCodeResponse(server, client, response)
  const { access_token, refresh_token = '', expires_in = 0 } = answer
  return {
    accessToken: access_token,
    refreshToken: refresh_token,
    expiresAt: Date.now() + expires_in * 1000,
  }
}

/** Follows redirects with cookies, up to one that leads to `target`. */
export async function browse(from: URL, target: string): Promise<URL> {
  const cookies = new Map<string, string>()
  let url = from
  for (let step = 0; step < 10; step += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, { redirect: 'manual', headers: { cookie } })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(name, value)
    }
    await response.body?.cancel()
    url = new URL(response.headers.get('location') ?? '', url)
    if (url.href.startsWith(target)) return url
  }
  throw new Error(`The code flow did not come back to ${target}.`)
}
