import { equal, ok } from 'node:assert/strict'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { browse } from '../src/oauth/browser.ts'
import { accepted, active, refused } from './expect.ts'
import {
  ada,
  ask,
  clients,
  codeRequest,
  comeBack,
  exchange,
  lives,
  type OAuthCase,
  signIn,
} from './target.ts'

const { app, phone } = clients

export const codeCases: readonly OAuthCase[] = [
  {
    name: 'a sign-in by code returns the code, the state and the issuer',
    async run(target) {
      const back = await comeBack(await codeRequest(target, app, { state: 'state' }))
      equal(back.get('state'), 'state')
      equal(back.get('iss'), target.issuer)
      ok(back.get('code'))
    },
  },
  {
    name: 'a code buys an access token, a refresh token and an id token, with a secret and without',
    async run(target) {
      for (const client of [app, phone]) {
        const json = accepted(await signIn(target, client))
        equal(json['scope'], 'openid read')
        await active(target, true, json['access_token'], json['refresh_token'])
        equal(typeof json['id_token'], 'string')
      }
    },
  },
  {
    name: 'an id token is signed, for the client, with the nonce, the time and the strength of the sign-in',
    async run(target) {
      const parameters = { nonce: 'nonce', acr_values: 'mfa', max_age: '3600' }
      const { id_token } = accepted(await signIn(target, app, parameters))
      const keys = createRemoteJWKSet(new URL(String(target.metadata['jwks_uri'])))
      const { issuer } = target
      const currentDate = new Date(target.now())
      const options = { issuer, audience: app.clientId, currentDate }
      const { payload } = await jwtVerify(String(id_token), keys, options)
      equal(payload.sub, ada.username)
      equal(payload['nonce'], 'nonce')
      equal(payload['acr'], 'mfa')
      ok(Math.abs(Number(payload['auth_time']) - target.now() / 1000) < 60)
    },
  },
  {
    name: 'a sign-in without the scope openid has no id token',
    async run(target) {
      const json = accepted(await signIn(target, app, { scope: 'read' }))
      equal('id_token' in json, false)
      equal(json['scope'], 'read')
    },
  },
  {
    name: 'a code works once, and its second use ends the session',
    async run(target) {
      const request = await codeRequest(target, app)
      const code = (await comeBack(request)).get('code') ?? ''
      const fields = { code, code_verifier: request.verifier }
      const first = accepted(await exchange(target, app, fields))
      refused(await exchange(target, app, fields), 400, 'invalid_grant')
      await active(target, false, first['access_token'], first['refresh_token'])
    },
  },
  {
    name: 'a code needs its verifier, its client and its redirect_uri',
    async run(target) {
      const request = await codeRequest(target, app)
      const code = (await comeBack(request)).get('code') ?? ''
      const good = { code, code_verifier: request.verifier }
      const wrongVerifier = { code, code_verifier: 'a'.repeat(43) }
      refused(await exchange(target, app, wrongVerifier), 400, 'invalid_grant')
      refused(await exchange(target, app, { code }), 400, 'invalid_grant')
      refused(await exchange(target, phone, good), 400, 'invalid_grant')
      const elsewhere = { ...good, redirect_uri: 'http://127.0.0.1/elsewhere' }
      refused(await exchange(target, app, elsewhere), 400, 'invalid_grant')
      accepted(await exchange(target, app, good))
    },
  },
  {
    name: 'a code expires after a minute',
    async run(target) {
      const request = await codeRequest(target, app)
      const code = (await comeBack(request)).get('code') ?? ''
      target.passTime(lives.codeMs + 60_000)
      const fields = { code, code_verifier: request.verifier }
      refused(await exchange(target, app, fields), 400, 'invalid_grant')
    },
  },
  {
    name: 'a client without a secret needs PKCE, and is told so at its redirect_uri',
    async run(target) {
      const request = await codeRequest(target, phone)
      request.url.searchParams.delete('code_challenge')
      request.url.searchParams.delete('code_challenge_method')
      equal((await comeBack(request)).get('error'), 'invalid_request')
    },
  },
  {
    name: 'a plain challenge is invalid_request',
    async run(target) {
      const request = await codeRequest(target, app, { code_challenge_method: 'plain' })
      equal((await comeBack(request)).get('error'), 'invalid_request')
    },
  },
  {
    name: 'another response type than code is unsupported_response_type',
    async run(target) {
      const request = await codeRequest(target, app, { response_type: 'unknown' })
      equal((await comeBack(request)).get('error'), 'unsupported_response_type')
    },
  },
  {
    name: 'a user who calls the sign-in off returns with access_denied and the state',
    async run(target) {
      target.denyNextSignIn()
      const back = await comeBack(await codeRequest(target, app, { state: 'state' }))
      equal(back.get('error'), 'access_denied')
      equal(back.get('state'), 'state')
      equal(back.get('code'), null)
    },
  },
  {
    name: 'an unknown client, and an address that is not registered, are never returned to',
    async run(target) {
      const elsewhere = { redirect_uri: 'http://127.0.0.1/elsewhere' }
      const requests = [
        await codeRequest(target, app, elsewhere),
        await codeRequest(target, { clientId: 'unknown' }),
      ]
      for (const { url } of requests) {
        const response = await fetch(url, { redirect: 'manual' })
        equal(response.status, 400)
      }
    },
  },
  {
    name: 'a client without a secret returns to any port of this machine, and one with a secret does not',
    async run(target) {
      const redirect_uri = 'http://127.0.0.1:49152/callback'
      const request = await codeRequest(target, phone, { redirect_uri })
      const back = await browse(request.url, redirect_uri)
      const code = back.searchParams.get('code') ?? ''
      const fields = { code, code_verifier: request.verifier }
      refused(await exchange(target, phone, fields), 400, 'invalid_grant')
      accepted(await exchange(target, phone, { ...fields, redirect_uri }))
      const { url } = await codeRequest(target, app, { redirect_uri })
      equal((await fetch(url, { redirect: 'manual' })).status, 400)
    },
  },
  {
    name: 'a sign-out in the browser goes to registered addresses only',
    async run(target) {
      const url = new URL(target.at('end_session'))
      url.searchParams.set('client_id', app.clientId)
      url.searchParams.set('post_logout_redirect_uri', 'http://127.0.0.1/elsewhere')
      equal((await fetch(url, { redirect: 'manual' })).status, 400)
    },
  },
  {
    name: 'a password buys tokens, and a wrong one is invalid_grant',
    async run(target) {
      const fields = { grant_type: 'password', scope: 'openid', ...ada }
      const json = accepted(await ask(target, 'token', app, fields))
      await active(target, true, json['access_token'], json['refresh_token'])
      const wrong = await ask(target, 'token', app, { ...fields, password: 'wrong' })
      refused(wrong, 400, 'invalid_grant')
    },
  },
]
