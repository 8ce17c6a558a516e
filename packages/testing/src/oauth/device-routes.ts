import type { Context } from 'hono'
import { randomText } from '../double/random.ts'
import { authenticateClient, deviceCodeGrant } from './clients.ts'
import { invalidRequest, OAuthError } from './oauth-error.ts'
import { endpoints } from './endpoints.ts'
import { issuerOf, type OAuthWorld, userOf } from './oauth-world.ts'
import { requestedScope } from './tokens.ts'

/** The device authorization endpoint (RFC 8628, section 3.2). */
export async function authorizeDevice(world: OAuthWorld, c: Context): Promise<Response> {
  const form = new URLSearchParams(await c.req.text())
  const client = authenticateClient(world.clients, c.req.header('authorization'), form)
  if (!client.grantTypes.includes(deviceCodeGrant)) {
    throw new OAuthError('unauthorized_client', 'this client may not use the device flow')
  }
  const { deviceCodeLifetimeMs, devicePollIntervalMs } = world.settings
  const userCode = newUserCode()
  const deviceCode = world.sessions.addDevice({
    clientId: client.clientId,
    userCode,
    scope: requestedScope(world, client, form.get('scope')),
    expiresAt: world.now() + deviceCodeLifetimeMs,
    intervalMs: devicePollIntervalMs,
    polledAt: undefined,
    outcome: 'pending',
  })
  const page = issuerOf(world, c.req.raw) + endpoints.device
  return c.json({
    device_code: deviceCode,
    user_code: userCode,
    verification_uri: page,
    verification_uri_complete: `${page}?user_code=${userCode}`,
    expires_in: deviceCodeLifetimeMs / 1000,
    interval: devicePollIntervalMs / 1000,
  })
}

/** Four letters, a dash, four letters, none of them a vowel, as RFC 8628 section 6.1 advises. */
function newUserCode(): string {
  const letters = 'BCDFGHJKLMNPQRSTVWXZ'
  const four = () =>
    Array.from(randomText(4), (one) => letters[one.charCodeAt(0) % letters.length]).join('')
  return `${four()}-${four()}`
}

/** The user's action at the verification page. @throws OAuthError for an unknown code. */
export function answerDevice(
  world: OAuthWorld,
  userCode: string,
  answer: 'allow' | 'deny',
  username?: string,
): void {
  const device = world.sessions.deviceByUserCode(userCode)
  if (device?.outcome !== 'pending' || world.now() >= device.expiresAt) {
    throw invalidRequest(`no device waits for the code ${userCode}`)
  }
  const user = userOf(world, username)
  if (!user) throw invalidRequest('the double has no such user')
  const { clientId, scope } = device
  const session = {
    clientId,
    username: user.username,
    scope,
    authenticatedAt: world.now(),
    acr: undefined,
    nonce: undefined,
    resources: undefined,
    isOver: false,
  }
  device.outcome = answer === 'allow' ? session : 'denied'
}

/** The verification page, for tests that drive a browser: the first user, and two buttons. */
export function devicePage(c: Context): Response {
  const userCode = new URL(c.req.url).searchParams.get('user_code') ?? ''
  const value = userCode.replace(/[^A-Z-]/g, '')
  const { pathname } = new URL(c.req.url)
  return c.html(
    `<!doctype html><title>Sign in a device</title><form method="post" action="${pathname}">
<label>Code <input name="user_code" value="${value}"></label>
<button name="answer" value="allow">Allow</button> <button name="answer" value="deny">Deny</button>
</form>`,
  )
}

/** What the form of the page sends. */
export async function answerDevicePage(world: OAuthWorld, c: Context): Promise<Response> {
  const form = new URLSearchParams(await c.req.text())
  const answer = form.get('answer') === 'deny' ? 'deny' : 'allow'
  answerDevice(world, form.get('user_code') ?? '', answer)
  return c.text('Done. Return to your device.')
}
