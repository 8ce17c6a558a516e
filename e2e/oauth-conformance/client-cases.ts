import { deepEqual, equal, ok } from 'node:assert/strict'
import { accepted, challenged, refused } from './expect.ts'
import { ask, clients, get, identify, introspect, type OAuthCase, post } from './target.ts'

const { machine, app, phone } = clients
const grant = { grant_type: 'client_credentials' }

export const clientCases: readonly OAuthCase[] = [
  {
    name: 'OpenID Connect Discovery names the issuer, the endpoints and what they take',
    async run({ issuer, metadata }) {
      equal(metadata['issuer'], issuer)
      for (const endpoint of [
        'authorization',
        'device_authorization',
        'end_session',
        'introspection',
        'registration',
        'revocation',
        'token',
        'userinfo',
      ]) {
        const url = String(metadata[`${endpoint}_endpoint`])
        ok(url.startsWith(`${issuer}/`), `${endpoint}: ${url}`)
      }
      deepEqual(metadata['code_challenge_methods_supported'], ['S256'])
      equal(metadata['authorization_response_iss_parameter_supported'], true)
      ok(Array.isArray(metadata['dpop_signing_alg_values_supported']))
    },
  },
  {
    name: 'the document of RFC 8414 is the one of OpenID Connect Discovery',
    async run({ issuer, metadata }) {
      const { json } = await get(`${issuer}/.well-known/oauth-authorization-server`)
      deepEqual(json, metadata)
    },
  },
  {
    name: 'other well-known addresses are not found',
    async run({ issuer }) {
      equal((await get(`${issuer}/.well-known/something-else`)).status, 404)
    },
  },
  {
    name: 'client credentials get a bearer token, its life and its scope, and nothing to renew it with',
    async run(target) {
      const { access_token, ...rest } = accepted(
        await ask(target, 'token', machine, { ...grant, scope: 'read' }),
      )
      deepEqual(rest, { token_type: 'Bearer', expires_in: 3600, scope: 'read' })
      equal((await introspect(target, access_token))['client_id'], machine.clientId)
    },
  },
  {
    name: 'a secret goes into the form as well',
    async run(target) {
      const { clientId: client_id, clientSecret: client_secret } = machine
      accepted(await post(target.at('token'), { ...grant, client_id, client_secret }))
    },
  },
  {
    name: 'a wrong secret in the header is invalid_client, with a challenge for Basic',
    async run(target) {
      const answer = await ask(target, 'token', { ...machine, clientSecret: 'wrong' }, grant)
      refused(answer, 401, 'invalid_client')
      challenged(answer, 'Basic', { error: 'invalid_client' })
    },
  },
  {
    name: 'a wrong secret in the form is invalid_client, without a challenge',
    async run(target) {
      const fields = { ...grant, client_id: machine.clientId, client_secret: 'wrong' }
      const answer = await post(target.at('token'), fields)
      refused(answer, 401, 'invalid_client')
      equal(answer.headers.get('www-authenticate'), null)
    },
  },
  {
    name: 'an unknown client, and a client that leaves its secret out, are invalid_client',
    async run(target) {
      const unknown = { clientId: 'unknown', clientSecret: 'wrong' }
      refused(await ask(target, 'token', unknown, grant), 401, 'invalid_client')
      const bare = { ...grant, client_id: machine.clientId }
      refused(await post(target.at('token'), bare), 401, 'invalid_client')
    },
  },
  {
    name: 'no client at all, and a client that presents its secret twice, are invalid_request',
    async run(target) {
      refused(await post(target.at('token'), grant), 400, 'invalid_request')
      const twice = { ...grant, client_secret: machine.clientSecret }
      const { headers } = identify(machine)
      refused(await post(target.at('token'), twice, headers), 400, 'invalid_request')
    },
  },
  {
    name: 'a missing grant type is invalid_request, an unknown one unsupported_grant_type',
    async run(target) {
      refused(await ask(target, 'token', machine, {}), 400, 'invalid_request')
      const unknown = await ask(target, 'token', machine, { grant_type: 'unknown' })
      refused(unknown, 400, 'unsupported_grant_type')
    },
  },
  {
    name: 'a grant type that a client may not use is refused',
    async run(target) {
      equal((await ask(target, 'token', app, grant)).status, 400)
      equal((await ask(target, 'token', phone, grant)).status, 400)
    },
  },
  {
    name: 'a scope that the server does not know is left out of what is granted',
    async run(target) {
      const answer = await ask(target, 'token', machine, { ...grant, scope: 'read unknown' })
      equal(accepted(answer)['scope'], 'read')
    },
  },
  {
    name: 'a scope that the client may not have is invalid_scope',
    async run(target) {
      const answer = await ask(target, 'token', machine, { ...grant, scope: 'read profile' })
      refused(answer, 400, 'invalid_scope')
    },
  },
  {
    name: 'token answers are not cached',
    async run(target) {
      const good = await ask(target, 'token', machine, grant)
      const bad = await ask(target, 'token', machine, {})
      for (const { headers } of [good, bad]) equal(headers.get('cache-control'), 'no-store')
    },
  },
  {
    name: 'a client registers itself, with a secret and without one',
    async run(target) {
      const register = async (method: string) => {
        const response = await fetch(target.at('registration'), {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({
            redirect_uris: [clients.callback],
            token_endpoint_auth_method: method,
          }),
        })
        equal(response.status, 201)
        return (await response.json()) as Record<string, unknown>
      }
      const confidential = await register('client_secret_basic')
      equal(typeof confidential['client_id'], 'string')
      equal(typeof confidential['client_secret'], 'string')
      equal('client_secret' in (await register('none')), false)
    },
  },
  {
    name: 'a registration without an address to return to is invalid_redirect_uri',
    async run(target) {
      const response = await fetch(target.at('registration'), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ redirect_uris: ['nonsense'] }),
      })
      equal(response.status, 400)
      equal(((await response.json()) as { error: string }).error, 'invalid_redirect_uri')
    },
  },
]
