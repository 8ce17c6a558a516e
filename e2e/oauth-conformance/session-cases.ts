import { deepEqual, equal, notEqual, ok } from 'node:assert/strict'
import { accepted, active, challenged, refused } from './expect.ts'
import {
  ada,
  ask,
  clients,
  get,
  introspect,
  lives,
  type OAuthCase,
  refresh,
  signIn,
  userinfo,
} from './target.ts'

const { app, phone, machine } = clients

const refreshCases: readonly OAuthCase[] = [
  {
    name: 'a refresh token buys the next access token and the next refresh token; the old access token lives on',
    async run(target) {
      const first = accepted(await signIn(target, app))
      const second = accepted(await refresh(target, app, first['refresh_token']))
      notEqual(second['access_token'], first['access_token'])
      notEqual(second['refresh_token'], first['refresh_token'])
      equal(second['scope'], 'openid read')
      equal(second['expires_in'], 3600)
      await active(target, true, first['access_token'], second['access_token'])
      await active(target, false, first['refresh_token'])
    },
  },
  {
    name: 'a used refresh token that comes again ends the session with all its tokens',
    async run(target) {
      const first = accepted(await signIn(target, app))
      const second = accepted(await refresh(target, app, first['refresh_token']))
      refused(await refresh(target, app, first['refresh_token']), 400, 'invalid_grant')
      await active(target, false, first['access_token'], second['access_token'])
      refused(await refresh(target, app, second['refresh_token']), 400, 'invalid_grant')
    },
  },
  {
    name: 'the end of one session leaves the other sessions of the user',
    async run(target) {
      const other = accepted(await signIn(target, app))
      const first = accepted(await signIn(target, app))
      await refresh(target, app, first['refresh_token'])
      refused(await refresh(target, app, first['refresh_token']), 400, 'invalid_grant')
      accepted(await refresh(target, app, other['refresh_token']))
    },
  },
  {
    name: 'a refresh token that is unknown, or of another client, is invalid_grant and is not spent',
    async run(target) {
      const { refresh_token } = accepted(await signIn(target, app))
      refused(await refresh(target, app, 'unknown'), 400, 'invalid_grant')
      refused(await refresh(target, phone, refresh_token), 400, 'invalid_grant')
      accepted(await refresh(target, app, refresh_token))
    },
  },
  {
    name: 'a client that fails to identify itself spends no refresh token',
    async run(target) {
      const { refresh_token } = accepted(await signIn(target, app))
      const wrong = { ...app, clientSecret: 'wrong' }
      refused(await refresh(target, wrong, refresh_token), 401, 'invalid_client')
      accepted(await refresh(target, app, refresh_token))
    },
  },
  {
    name: 'a renewal may ask for fewer scopes, and the next one has them all again',
    async run(target) {
      const first = accepted(await signIn(target, app))
      const second = accepted(await refresh(target, app, first['refresh_token'], { scope: 'read' }))
      equal(second['scope'], 'read')
      equal('id_token' in second, false)
      const third = accepted(await refresh(target, app, second['refresh_token']))
      equal(third['scope'], 'openid read')
    },
  },
  {
    name: 'a renewal that asks for more scopes is invalid_scope and spends no refresh token',
    async run(target) {
      const { refresh_token } = accepted(await signIn(target, app))
      const wider = { scope: 'openid read write' }
      refused(await refresh(target, app, refresh_token, wider), 400, 'invalid_scope')
      accepted(await refresh(target, app, refresh_token))
    },
  },
  {
    name: 'each renewal starts the life of the refresh token anew, and its end is invalid_grant',
    async run(target) {
      const first = accepted(await signIn(target, app))
      target.passTime(lives.refreshMs - 3_600_000)
      const second = accepted(await refresh(target, app, first['refresh_token']))
      target.passTime(lives.refreshMs - 3_600_000)
      const third = accepted(await refresh(target, app, second['refresh_token']))
      target.passTime(lives.refreshMs + 60_000)
      refused(await refresh(target, app, third['refresh_token']), 400, 'invalid_grant')
    },
  },
]

const tokenCases: readonly OAuthCase[] = [
  {
    name: 'userinfo answers with the user of a token',
    async run(target) {
      const { access_token } = accepted(await signIn(target, app))
      const { status, json } = await userinfo(target, access_token)
      equal(status, 200)
      deepEqual(json, { sub: ada.username })
    },
  },
  {
    name: 'an unknown token, an expired one and a refresh token are 401 invalid_token',
    async run(target) {
      const { access_token, refresh_token } = accepted(await signIn(target, app))
      target.passTime(lives.accessMs + 60_000)
      for (const token of ['unknown', access_token, refresh_token]) {
        const answer = await userinfo(target, token)
        equal(answer.status, 401)
        challenged(answer, 'Bearer', { error: 'invalid_token' })
      }
    },
  },
  {
    name: 'a request without a token is challenged for Bearer and DPoP, without an error',
    async run(target) {
      const { headers } = await get(target.at('userinfo'))
      const challenge = headers.get('www-authenticate') ?? ''
      ok(/^Bearer .*DPoP /.test(challenge), challenge)
      ok(!challenge.includes('error='), challenge)
    },
  },
  {
    name: 'a token without the scope is 403 insufficient_scope, with the scope that is missing',
    async run(target) {
      const { access_token } = accepted(await signIn(target, app, { scope: 'read' }))
      const answer = await userinfo(target, access_token)
      equal(answer.status, 403)
      challenged(answer, 'Bearer', { error: 'insufficient_scope', scope: 'openid' })
    },
  },
  {
    name: 'introspection tells of an access token whose it is, for what and until when',
    async run(target) {
      const { access_token } = accepted(await signIn(target, app))
      const { iat, exp, ...rest } = await introspect(target, access_token)
      equal(Number(exp) - Number(iat), lives.accessMs / 1000)
      for (const [name, value] of Object.entries({
        active: true,
        sub: ada.username,
        client_id: app.clientId,
        iss: target.issuer,
        scope: 'openid read',
        token_type: 'Bearer',
      })) {
        equal(rest[name], value, name)
      }
    },
  },
  {
    name: 'a token is for the resource that is asked for, of those that the sign-in asked for',
    async run(target) {
      const [notes, mails] = ['https://api.test/notes', 'https://api.test/mails']
      const { refresh_token: token } = accepted(await signIn(target, app, { resource: notes }))
      const json = accepted(await refresh(target, app, token, { resource: notes }))
      equal((await introspect(target, json['access_token']))['aud'], notes)
      const next = json['refresh_token']
      refused(await refresh(target, app, next, { resource: mails }), 400, 'invalid_target')
    },
  },
  {
    name: 'introspection tells of dead tokens only that they are not active',
    async run(target) {
      const { access_token } = accepted(await signIn(target, app))
      target.passTime(lives.accessMs + 60_000)
      for (const token of ['unknown', access_token]) {
        deepEqual(await introspect(target, token), { active: false })
      }
    },
  },
  {
    name: 'introspection needs a client, and a token',
    async run(target) {
      const wrong = { ...machine, clientSecret: 'wrong' }
      refused(await ask(target, 'introspection', wrong, { token: 'a' }), 401, 'invalid_client')
      refused(await ask(target, 'introspection', machine, {}), 400, 'invalid_request')
    },
  },
  {
    name: 'to revoke a refresh token or an access token ends the session',
    async run(target) {
      for (const name of ['refresh_token', 'access_token'] as const) {
        const json = accepted(await signIn(target, app))
        const answer = await ask(target, 'revocation', app, { token: String(json[name]) })
        equal(answer.status, 200)
        await active(target, false, json['access_token'], json['refresh_token'])
      }
    },
  },
  {
    name: 'to revoke an unknown token is a success too',
    async run(target) {
      equal((await ask(target, 'revocation', app, { token: 'unknown' })).status, 200)
      refused(await ask(target, 'revocation', app, {}), 400, 'invalid_request')
    },
  },
]

export const sessionCases = [...refreshCases, ...tokenCases]
