import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { answers, answersStatus, tokenOutOfDate, unauthorized } from './expect.ts'
import { forged, newApiToken, readStatus, signIn } from './session.ts'
import type { ConformanceCase, ConformanceTarget } from './target.ts'
import { field } from './wire.ts'

const path = '/api/v1/tokens'

export const apiTokenCases: readonly ConformanceCase[] = [
  {
    name: 'a created API token has a numeric id, 40 characters and its description',
    async run(target) {
      const { headers } = await sender(target)
      const body = { description: 'for the script' }
      const { status, json } = await target.wire('POST', path, { headers, body })
      equal(status, 200)
      equal(typeof field(json, 'id'), 'number')
      match(String(field(json, 'token')), /^[\w-]{40}$/)
      equal(field(json, 'description'), 'for the script')
    },
  },
  {
    name: 'the description of an API token may be left out',
    async run(target) {
      const { headers } = await sender(target)
      const { status, json } = await target.wire('POST', path, { headers, body: {} })
      equal(status, 200)
      equal(field(json, 'description'), null)
    },
  },
  {
    name: "the list has the user's own API tokens, in full, and a total of everybody's",
    async run(target) {
      const { headers, accessToken } = await sender(target)
      await newApiToken(target, (await sender(target)).accessToken)
      const { id, token } = await newApiToken(target, accessToken)
      const { json } = await target.wire('GET', path, { headers })
      equal(field(json, 'list', 'length'), 1)
      ok(Number(field(json, 'pageInfo', 'totalRows')) >= 2)
      equal(field(json, 'list', 0, 'id'), id)
      equal(field(json, 'list', 0, 'token'), token)
    },
  },
  {
    name: 'an API token is deleted by its numeric id, with an empty answer',
    async run(target) {
      const { headers, accessToken } = await sender(target)
      const { id } = await newApiToken(target, accessToken)
      const answer = await target.wire('DELETE', `${path}/${id}`, { headers })
      answersStatus(answer, 200)
      equal(answer.text, '')
      const { json } = await target.wire('GET', path, { headers })
      deepEqual(field(json, 'list'), [])
    },
  },
  {
    name: 'a deleted API token keeps working until the server restarts, used before or not',
    async run(target) {
      const { headers, accessToken } = await sender(target)
      for (const isUsed of [true, false]) {
        const { id, token } = await newApiToken(target, accessToken)
        if (isUsed) equal(await readStatus(target, { 'xc-token': token }), 200)
        await target.wire('DELETE', `${path}/${id}`, { headers })
        equal(await readStatus(target, { 'xc-token': token }), 200)
      }
    },
  },
  {
    name: 'deleting by token text, or an unknown id, answers 500',
    async run(target) {
      const { headers, accessToken } = await sender(target)
      const { token } = await newApiToken(target, accessToken)
      for (const wrong of [token, '999999']) {
        const answer = await target.wire('DELETE', `${path}/${wrong}`, { headers })
        answersStatus(answer, 500)
        match(String(field(answer.json, 'msg')), /^Something didn't work as expected/)
      }
      equal(await readStatus(target, { 'xc-token': token }), 200)
    },
  },
  {
    name: "deleting another user's API token answers 404",
    async run(target) {
      const { id } = await newApiToken(target, (await sender(target)).accessToken)
      const { headers } = await sender(target)
      const answer = await target.wire('DELETE', `${path}/${id}`, { headers })
      answers(answer, 404, { msg: 'Token not found' })
    },
  },
  {
    name: 'an API token may not list or create API tokens: a 401 of another form',
    async run(target) {
      const { token } = await newApiToken(target, (await sender(target)).accessToken)
      const senders: Record<string, string>[] = [{}, { 'xc-auth': 'garbage' }]
      for (const headers of [...senders, { 'xc-token': token }]) {
        answers(await target.wire('GET', path, { headers }), 401, unauthorized)
        answers(await target.wire('POST', path, { headers, body: {} }), 401, unauthorized)
      }
    },
  },
  {
    name: 'a revoked access token on the API token routes answers 401 and says so',
    async run(target) {
      const { accessToken } = await sender(target)
      const revoked = forged(accessToken, { token_version: 'other' }, target.jwtSecret)
      const headers = { 'xc-auth': revoked }
      answers(await target.wire('GET', path, { headers }), 401, tokenOutOfDate)
    },
  },
  {
    name: 'an API token where it is banned answers 401 with a code of its own',
    async run(target) {
      const { token } = await newApiToken(target, (await sender(target)).accessToken)
      const headers = { 'xc-token': token }
      answers(await target.wire('GET', '/api/v1/users', { headers }), 401, {
        error: 'ERR_API_TOKEN_NOT_ALLOWED',
        message: 'This request is not allowed with API token',
      })
    },
  },
  {
    name: 'me says that it was asked by API token',
    async run(target) {
      const { email, accessToken } = await sender(target)
      const { token } = await newApiToken(target, accessToken)
      const headers = { 'xc-token': token }
      const { json } = await target.wire('GET', '/api/v1/auth/user/me', { headers })
      equal(field(json, 'is_api_token'), true)
      equal(field(json, 'email'), email)
      ok(field(json, 'roles', 'org-level-viewer'))
    },
  },
]

async function sender(target: ConformanceTarget) {
  const user = await target.newUser()
  const { accessToken } = await signIn(target, user)
  return { email: user.email, accessToken, headers: { 'xc-auth': accessToken } }
}
