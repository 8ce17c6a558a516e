import { deepEqual, equal, match } from 'node:assert/strict'
import { answers, answersStatus, invalidToken, refreshRejected } from './expect.ts'
import {
  newApiToken,
  readStatus,
  refresh,
  refreshCookieOf,
  sessionOf,
  signIn,
  whoAmI,
} from './session.ts'
import type { ConformanceCase } from './target.ts'
import { field } from './wire.ts'

const signOutPath = '/api/v1/auth/user/signout'
const passwordPath = '/api/v1/auth/password/change'
const cleared = 'refresh_token=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT'

export const revocationCases: readonly ConformanceCase[] = [
  {
    name: "a sign-out ends all of the user's sessions and clears the cookie",
    async run(target) {
      const user = await target.newUser()
      const [here, elsewhere] = [await signIn(target, user), await signIn(target, user)]
      const headers = { 'xc-auth': here.accessToken }
      const answer = await target.wire('POST', signOutPath, { headers })
      answers(answer, 200, { msg: 'Signed out successfully' })
      deepEqual(answer.cookies, [cleared])
      for (const { accessToken, cookie } of [here, elsewhere]) {
        equal(await readStatus(target, { 'xc-auth': accessToken }), 401)
        equal(await whoAmI(target, { 'xc-auth': accessToken }), 'guest')
        answers(await refresh(target, cookie), 400, refreshRejected)
      }
    },
  },
  {
    name: 'a sign-out by API token ends the sessions, and the API token survives',
    async run(target) {
      const { accessToken, cookie } = await signIn(target, await target.newUser())
      const { token } = await newApiToken(target, accessToken)
      const headers = { 'xc-token': token }
      answersStatus(await target.wire('POST', signOutPath, { headers }), 200)
      equal(await readStatus(target, { 'xc-auth': accessToken }), 401)
      answersStatus(await refresh(target, cookie), 400)
      equal(await readStatus(target, headers), 200)
    },
  },
  {
    name: 'a sign-out with a garbage token answers 200, clears the cookie and revokes nothing',
    async run(target) {
      const { accessToken, cookie } = await signIn(target, await target.newUser())
      const headers = { 'xc-auth': 'garbage', cookie }
      const answer = await target.wire('POST', signOutPath, { headers })
      answers(answer, 200, { msg: 'Signed out successfully' })
      deepEqual(answer.cookies, [cleared])
      equal(await readStatus(target, { 'xc-auth': accessToken }), 200)
      answersStatus(await refresh(target, cookie), 200)
    },
  },
  {
    name: 'a sign-out with nothing but the cookie answers 403',
    async run(target) {
      const { cookie } = await signIn(target, await target.newUser())
      const answer = await target.wire('POST', signOutPath, { headers: { cookie } })
      answers(answer, 403, { error: 'ERR_FORBIDDEN', message: 'Forbidden - Not allowed' })
    },
  },
  {
    name: 'the sign-out route lives under v1 and v2 alone',
    async run(target) {
      const headers = { 'xc-auth': 'garbage' }
      const statuses: number[] = []
      for (const prefix of ['/api/v1/auth', '/api/v2/auth', '/auth', '/api/v1/db/auth']) {
        const { status } = await target.wire('POST', `${prefix}/user/signout`, { headers })
        statuses.push(status)
      }
      deepEqual(statuses, [200, 200, 404, 404])
    },
  },
  {
    name: 'a password change ends all sessions and answers a fresh cookie but no token',
    async run(target) {
      const user = await target.newUser()
      const { accessToken, cookie } = await signIn(target, user)
      const { token } = await newApiToken(target, accessToken)
      const newPassword = `${user.password}-new`
      const answer = await target.wire('POST', passwordPath, {
        headers: { 'xc-auth': accessToken },
        body: { currentPassword: user.password, newPassword },
      })
      answers(answer, 200, { msg: 'Password has been updated successfully' })
      match(
        answer.cookies[0] ?? '',
        /^refresh_token=[0-9a-f]{80}; Path=\/; Expires=[^;]+; HttpOnly$/,
      )
      equal(await readStatus(target, { 'xc-auth': accessToken }), 401)
      answers(await refresh(target, cookie), 400, refreshRejected)
      const renewed = sessionOf(await refresh(target, refreshCookieOf(answer)))
      equal(await readStatus(target, { 'xc-auth': renewed.accessToken }), 200)
      equal(await readStatus(target, { 'xc-token': token }), 200)
      await signIn(target, { email: user.email, password: newPassword })
    },
  },
  {
    name: 'a password change with the wrong password answers 400 and ends nothing',
    async run(target) {
      const { accessToken } = await signIn(target, await target.newUser())
      const answer = await target.wire('POST', passwordPath, {
        headers: { 'xc-auth': accessToken },
        body: { currentPassword: 'not the password', newPassword: 'canary-new-password' },
      })
      answers(answer, 400, { msg: 'Current password is wrong' })
      equal(await readStatus(target, { 'xc-auth': accessToken }), 200)
    },
  },
  {
    name: 'a password change with a short new password answers 400 and says so',
    async run(target) {
      const user = await target.newUser()
      const { accessToken } = await signIn(target, user)
      const answer = await target.wire('POST', passwordPath, {
        headers: { 'xc-auth': accessToken },
        body: { currentPassword: user.password, newPassword: 'short' },
      })
      answersStatus(answer, 400)
      equal(field(answer.json, 'errors', 0, 'instancePath'), '/newPassword')
    },
  },
  {
    name: 'a password change by a guest answers 401',
    async run({ wire }) {
      const body = { currentPassword: 'not the password', newPassword: 'canary-new-password' }
      answers(await wire('POST', passwordPath, { body }), 401, invalidToken)
    },
  },
]
