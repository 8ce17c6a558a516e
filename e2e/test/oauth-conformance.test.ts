import { createOAuthDouble, type OAuthDoubleOptions } from '@latchkey/testing'
import { listen } from '@latchkey/testing/node'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { oauthCases } from '../oauth-conformance/cases.ts'
import { ada, clients, openTarget, type OAuthTarget } from '../oauth-conformance/target.ts'
import { startConformanceServer } from '../src/oauth/conformance-server.ts'

interface Opened {
  target: OAuthTarget
  close(): Promise<unknown>
}

const { machine, app, phone, callback } = clients

async function startDouble(options: OAuthDoubleOptions) {
  const double = createOAuthDouble(options)
  double.control.addUser(ada)
  double.control.addClient({
    ...machine,
    grantTypes: ['client_credentials'],
    scopes: ['read', 'write'],
  })
  const device = 'urn:ietf:params:oauth:grant-type:device_code'
  const grantTypes = ['authorization_code', 'password', 'refresh_token', device]
  double.control.addClient({ ...app, redirectUris: [callback], grantTypes })
  double.control.addClient({ ...phone, redirectUris: [callback], grantTypes })
  return { ...double, ...(await listen(double)) }
}

async function openDouble(): Promise<Opened> {
  const scopes = ['openid', 'profile', 'read', 'write']
  const double = await startDouble({ scopes })
  const withNonces = await startDouble({ scopes, requireDpopNonce: true })
  let passedMs = 0
  const target = await openTarget({
    issuer: double.url,
    nonceIssuer: withNonces.url,
    now: () => Date.now() + passedMs,
    passTime(ms) {
      passedMs += ms
      for (const { control } of [double, withNonces]) control.passTime(ms)
    },
    answerDevice: async (userCode, answer) =>
      double.control[answer === 'allow' ? 'approveDevice' : 'denyDevice'](userCode),
    denyNextSignIn: () => double.control.denySignIns(),
  })
  return { target, close: () => Promise.all([double.close(), withNonces.close()]) }
}

/** The provider runs in this process and reads its clock, which a test can set. */
async function openProvider(): Promise<Opened> {
  vi.useFakeTimers({ toFake: ['Date'] })
  const provider = await startConformanceServer(clients, { requireDpopNonce: false })
  const withNonces = await startConformanceServer(clients, { requireDpopNonce: true })
  const { issuer, answerDevice, denyNextSignIn } = provider
  const target = await openTarget({
    issuer,
    nonceIssuer: withNonces.issuer,
    now: () => Date.now(),
    passTime: (ms) => void vi.setSystemTime(Date.now() + ms),
    answerDevice,
    denyNextSignIn,
  })
  return {
    target,
    async close() {
      vi.useRealTimers()
      await Promise.all([provider.close(), withNonces.close()])
    },
  }
}

describe.each([
  ['oidc-provider', openProvider],
  ['the OAuth double', openDouble],
])('%s', (_, open) => {
  let opened: Opened
  beforeAll(async () => {
    opened = await open()
  })
  afterAll(() => opened?.close())

  test.each(oauthCases)('$name', async ({ run }) => {
    await expect(run(opened.target)).resolves.toBeUndefined()
  })
})
