import { equal } from 'node:assert/strict'
import { answers, answersStatus, invalidToken } from './expect.ts'
import { claimsOf, forged, readStatus, signIn, signUp, whoAmI } from './session.ts'
import type { ConformanceCase } from './target.ts'

const guest = { roles: { guest: true }, workspace_roles: null, base_roles: null }

export const accessTokenCases: readonly ConformanceCase[] = [
  {
    name: 'a request without a credential answers 401, with no WWW-Authenticate',
    async run({ wire, recordsPath }) {
      const answer = await wire('GET', recordsPath)
      answers(answer, 401, invalidToken)
      equal(answer.headers.get('www-authenticate'), null)
    },
  },
  {
    name: 'garbage, a foreign signature and a scheme before the token all get the same 401',
    async run(target) {
      const { accessToken } = await signIn(target, await target.newUser())
      const foreign = forged(accessToken, {}, 'another secret')
      for (const token of ['garbage', foreign, `Bearer ${accessToken}`]) {
        const headers = { 'xc-auth': token }
        answers(await target.wire('GET', target.recordsPath, { headers }), 401, invalidToken)
      }
    },
  },
  {
    name: 'an access token is dead from the very second of its exp',
    async run(target) {
      const { accessToken } = await signIn(target, await target.newUser())
      const issuedAt = Number(claimsOf(accessToken).iat)
      const headers = { 'xc-auth': forged(accessToken, { exp: issuedAt }, target.jwtSecret) }
      answers(await target.wire('GET', target.recordsPath, { headers }), 401, invalidToken)
    },
  },
  {
    name: 'a token without exp never expires and an iat in the future does not matter',
    async run(target) {
      const { accessToken } = await signIn(target, await target.newUser())
      const ahead = Number(claimsOf(accessToken).iat) + 3600
      for (const changes of [{ exp: undefined }, { iat: ahead }]) {
        const token = forged(accessToken, changes, target.jwtSecret)
        equal(await readStatus(target, { 'xc-auth': token }), 200)
      }
    },
  },
  {
    name: 'a token with nbf in the future answers 401',
    async run(target) {
      const { accessToken } = await signIn(target, await target.newUser())
      const nbf = Number(claimsOf(accessToken).iat) + 3600
      const token = forged(accessToken, { nbf }, target.jwtSecret)
      equal(await readStatus(target, { 'xc-auth': token }), 401)
    },
  },
  {
    name: 'a token of another token_version or of an unknown user answers 401',
    async run(target) {
      const { accessToken } = await signIn(target, await target.newUser())
      for (const changes of [{ token_version: 'other' }, { email: 'nobody@example.com' }]) {
        const headers = { 'xc-auth': forged(accessToken, changes, target.jwtSecret) }
        answers(await target.wire('GET', target.recordsPath, { headers }), 401, invalidToken)
      }
    },
  },
  {
    name: 'an unknown table or base answers 404, also without a token',
    async run({ wire }) {
      answers(await wire('GET', '/api/v2/tables/mzzzzzzzzzzzzzz/records'), 404, {
        error: 'ERR_TABLE_NOT_FOUND',
        message: "Table 'mzzzzzzzzzzzzzz' not found",
      })
      answers(await wire('GET', '/api/v2/meta/bases/pzzzzzzzzzzzzzz/tables'), 404, {
        error: 'ERR_BASE_NOT_FOUND',
        message: "Base 'pzzzzzzzzzzzzzz' not found",
      })
    },
  },
  {
    name: 'a good token without a role in the base answers 403',
    async run(target) {
      const { accessToken } = await signUp(target, target.newCredentials())
      const headers = { 'xc-auth': accessToken }
      answers(await target.wire('GET', target.recordsPath, { headers }), 403, {
        error: 'ERR_FORBIDDEN',
        message: 'Forbidden - Unauthorized access',
      })
    },
  },
  {
    name: 'a good token with too low a role answers 403',
    async run(target) {
      const { accessToken } = await signIn(target, await target.newUser())
      const headers = { 'xc-auth': accessToken }
      const body = { title: 'Not allowed' }
      const answer = await target.wire('POST', '/api/v2/meta/bases', { headers, body })
      answers(answer, 403, {
        error: 'ERR_FORBIDDEN',
        message:
          'Forbidden - You do not have permission to perform the action "baseCreate" with the roles: .',
      })
    },
  },
  {
    name: 'me names the user of a good token',
    async run(target) {
      const user = await target.newUser()
      const { accessToken } = await signIn(target, user)
      equal(await whoAmI(target, { 'xc-auth': accessToken }), user.email)
    },
  },
  {
    name: 'me answers 200 as guest without a token, with garbage and with an expired token',
    async run(target) {
      const { accessToken } = await signIn(target, await target.newUser())
      await target.passTime(target.accessTokenLifetimeMs + 1000)
      const senders: Record<string, string>[] = [{}, { 'xc-auth': 'garbage' }]
      for (const headers of [...senders, { 'xc-auth': accessToken }]) {
        answers(await target.wire('GET', '/api/v1/auth/user/me', { headers }), 200, guest)
      }
    },
  },
  {
    name: 'a route that does not exist answers 404',
    async run({ wire }) {
      answersStatus(await wire('GET', '/api/v2/meta/tokens'), 404)
      answersStatus(await wire('OPTIONS', '/api/v1/auth/user/me'), 404)
    },
  },
]
