import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict'
import { answers, answersStatus, unauthorized } from './expect.ts'
import { claimsOf, readStatus, refresh, sessionOf, signIn, signUp, whoAmI } from './session.ts'
import type { ConformanceCase, ConformanceTarget } from './target.ts'
import { field } from './wire.ts'

const path = '/api/v1/auth/user'

export const signInCases: readonly ConformanceCase[] = [
  {
    name: 'the first user of a server is super admin and gets a base with the account',
    async run({ firstSignUp }) {
      answersStatus(firstSignUp, 200)
      equal(claimsOf(sessionOf(firstSignUp).accessToken).roles, 'org-level-creator,super')
      equal(typeof field(firstSignUp.json, 'createdProject', 'id'), 'string')
    },
  },
  {
    name: 'a later user signs up as viewer and gets a session but no base',
    async run(target) {
      const { answer, accessToken, cookie } = await signUp(target, target.newCredentials())
      deepEqual(Object.keys(answer.json ?? {}), ['token'])
      equal(claimsOf(accessToken).roles, 'org-level-viewer')
      answersStatus(await refresh(target, cookie), 200)
    },
  },
  {
    name: 'a sign-up with a short password answers 400 and says what is wrong',
    async run({ wire, newCredentials }) {
      const body = { ...newCredentials(), password: 'short' }
      const answer = await wire('POST', `${path}/signup`, { body })
      answersStatus(answer, 400)
      equal(field(answer.json, 'msg'), 'Invalid request body')
      equal(field(answer.json, 'errors', 0, 'instancePath'), '/password')
    },
  },
  {
    name: 'a sign-up of a known user answers 400',
    async run({ wire, newUser }) {
      const body = await newUser()
      answers(await wire('POST', `${path}/signup`, { body }), 400, { msg: 'User already exist' })
    },
  },
  {
    name: 'a sign-up with a plus in the e-mail address answers 400',
    async run({ wire, newCredentials }) {
      const { email, password } = newCredentials()
      const body = { email: email.replace('@', '+1@'), password }
      const msg = 'Email aliases with "+" are not allowed'
      answers(await wire('POST', `${path}/signup`, { body }), 400, { msg })
    },
  },
  {
    name: 'a sign-in answers a token and the refresh cookie, HttpOnly, for 30 days',
    async run(target) {
      const { answer } = await signIn(target, await target.newUser())
      deepEqual(Object.keys(answer.json ?? {}), ['token'])
      const [line = ''] = answer.cookies
      match(line, /^refresh_token=[0-9a-f]{80}; Path=\/; Expires=\w{3}, [^;]+ GMT; HttpOnly$/)
    },
  },
  {
    name: 'a sign-in takes a form as well as JSON, and the e-mail address in any case',
    async run({ baseUrl, fetch: send, newUser }) {
      const { email, password } = await newUser()
      const body = new URLSearchParams({ email: email.toUpperCase(), password })
      const response = await send(`${baseUrl}${path}/signin`, { method: 'POST', body })
      equal(response.status, 200)
    },
  },
  {
    name: 'a wrong password and an unknown e-mail address get the same 400',
    async run({ wire, newUser, newCredentials }) {
      const { email } = await newUser()
      for (const body of [{ email, password: 'wrong' }, newCredentials()]) {
        answers(await wire('POST', `${path}/signin`, { body }), 400, { msg: 'Invalid credentials' })
      }
    },
  },
  {
    name: 'a sign-in with a missing field answers 401',
    async run({ wire, newUser }) {
      const { email, password } = await newUser()
      for (const body of [{ email }, { password }, {}]) {
        answers(await wire('POST', `${path}/signin`, { body }), 401, unauthorized)
      }
    },
  },
  {
    name: 'malformed JSON answers 400 before anything else is looked at',
    async run({ wire, recordsPath }) {
      const headers = { 'xc-auth': 'garbage' }
      const answer = await wire('POST', recordsPath, { headers, rawBody: '{' })
      answersStatus(answer, 400)
      equal(typeof field(answer.json, 'msg'), 'string')
    },
  },
  {
    name: 'an access token holds whole seconds and lives as long as the server is told',
    async run(target) {
      const { accessToken } = await signIn(target, await target.newUser())
      const { iat, exp } = claimsOf(accessToken)
      ok(Number.isSafeInteger(iat))
      equal(Number(exp) - Number(iat), target.accessTokenLifetimeMs / 1000)
    },
  },
  {
    name: 'roles are an object after a sign-in and text after a sign-up and a refresh',
    async run(target) {
      const user = await target.newUser()
      const { accessToken, cookie } = await signIn(target, user)
      deepEqual(claimsOf(accessToken).roles, { 'org-level-viewer': true })
      const renewed = sessionOf(await refresh(target, cookie))
      equal(claimsOf(renewed.accessToken).roles, 'org-level-viewer')
    },
  },
  {
    name: 'two tokens issued within one second are the same string',
    async run(target) {
      const [first, second] = await twoWithinOneSecond(target)
      equal(first.accessToken, second.accessToken)
      notEqual(first.cookie, second.cookie)
    },
  },
  {
    name: 'a second sign-in leaves the first session alive',
    async run(target) {
      const user = await target.newUser()
      const first = await signIn(target, user)
      await signIn(target, user)
      equal(await whoAmI(target, { 'xc-auth': first.accessToken }), user.email)
      answersStatus(await refresh(target, first.cookie), 200)
    },
  },
  {
    name: 'the sign-in routes live under four prefixes, and not under v3',
    async run(target) {
      const body = await target.newUser()
      for (const prefix of ['/auth', '/api/v1/auth', '/api/v2/auth', '/api/v1/db/auth']) {
        const answer = await target.wire('POST', `${prefix}/user/signin`, { body })
        const { accessToken } = sessionOf(answer)
        equal(await readStatus(target, { 'xc-auth': accessToken }), 200)
      }
      answers(await target.wire('POST', '/api/v3/auth/user/signin', { body }), 404, {
        error: 'NOT_FOUND',
        message: 'Cannot POST /api/v3/auth/user/signin',
      })
    },
  },
]

/** Signs in twice until both fall into one second; a slow machine may need a few attempts. */
async function twoWithinOneSecond(target: ConformanceTarget) {
  const user = await target.newUser()
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const first = await signIn(target, user)
    const second = await signIn(target, user)
    const isSame = claimsOf(first.accessToken).iat === claimsOf(second.accessToken).iat
    if (isSame) return [first, second] as const
  }
  throw new Error('no two sign-ins fell into one second')
}
