import { equal, ok } from 'node:assert/strict'
import { accepted, active, refused } from './expect.ts'
import { ask, clients, lives, type OAuthCase, type OAuthTarget } from './target.ts'

const { phone, app, machine } = clients
/** Long enough for every server that wants devices to wait. */
const pollMs = 20_000

async function begin(target: OAuthTarget) {
  const { status, json } = await ask(target, 'device_authorization', phone, {
    scope: 'openid read',
  })
  equal(status, 200)
  return {
    json,
    userCode: String(json['user_code']),
    poll: (client = phone) =>
      ask(target, 'token', client, {
        grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
        device_code: String(json['device_code']),
      }),
  }
}

export const deviceCases: readonly OAuthCase[] = [
  {
    name: 'a device is given a code for itself, a code for its user, and where to enter it',
    async run(target) {
      const { json, userCode } = await begin(target)
      ok(/^[A-Z0-9]{4}-[A-Z0-9]{4}$/.test(userCode), userCode)
      equal(json['expires_in'], lives.deviceMs / 1000)
      const page = String(json['verification_uri'])
      ok(page.startsWith(`${target.issuer}/`), page)
      equal(json['verification_uri_complete'], `${page}?user_code=${userCode}`)
    },
  },
  {
    name: 'a device waits until its user answers, and then signs in once',
    async run(target) {
      const { poll, userCode } = await begin(target)
      refused(await poll(), 400, 'authorization_pending')
      target.passTime(pollMs)
      await target.answerDevice(userCode, 'allow')
      const json = accepted(await poll())
      await active(target, true, json['access_token'], json['refresh_token'])
      equal(typeof json['id_token'], 'string')
      target.passTime(pollMs)
      refused(await poll(), 400, 'invalid_grant')
    },
  },
  {
    name: 'a device whose user says no is access_denied',
    async run(target) {
      const { poll, userCode } = await begin(target)
      await target.answerDevice(userCode, 'deny')
      refused(await poll(), 400, 'access_denied')
    },
  },
  {
    name: 'a device code that nobody answers is expired_token',
    async run(target) {
      const { poll } = await begin(target)
      target.passTime(lives.deviceMs + 60_000)
      refused(await poll(), 400, 'expired_token')
    },
  },
  {
    name: 'a device code is of its client',
    async run(target) {
      const { poll, userCode } = await begin(target)
      await target.answerDevice(userCode, 'allow')
      refused(await poll(app), 400, 'invalid_grant')
    },
  },
  {
    name: 'a client that may not use the device flow is refused',
    async run(target) {
      equal((await ask(target, 'device_authorization', machine, {})).status, 400)
    },
  },
]
