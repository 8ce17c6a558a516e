import { deepEqual, equal, match, notEqual } from 'node:assert/strict'
import { answers, answersStatus, invalidToken, refreshRejected } from './expect.ts'
import { readStatus, refresh, refreshCookieOf, sessionOf, signIn } from './session.ts'
import type { ConformanceCase } from './target.ts'

const path = '/api/v1/auth/token/refresh'

export const refreshCases: readonly ConformanceCase[] = [
  {
    name: 'a refresh answers a token and the next refresh cookie',
    async run(target) {
      const { cookie } = await signIn(target, await target.newUser())
      const answer = await refresh(target, cookie)
      deepEqual(Object.keys(answer.json ?? {}), ['token'])
      match(
        answer.cookies[0] ?? '',
        /^refresh_token=[0-9a-f]{80}; Path=\/; Expires=[^;]+; HttpOnly$/,
      )
      notEqual(refreshCookieOf(answer), cookie)
    },
  },
  {
    name: 'a refresh token works once, and its second use leaves the successor alive',
    async run(target) {
      const { cookie } = await signIn(target, await target.newUser())
      const next = sessionOf(await refresh(target, cookie))
      answers(await refresh(target, cookie), 400, refreshRejected)
      answersStatus(await refresh(target, next.cookie), 200)
    },
  },
  {
    name: 'a rejected refresh answers 400 and sets no cookie',
    async run(target) {
      const answer = await refresh(target, `refresh_token=${'0'.repeat(80)}`)
      answers(answer, 400, refreshRejected)
      deepEqual(answer.cookies, [])
    },
  },
  {
    name: 'a refresh without the cookie answers 400, whatever the body says',
    async run({ wire, ...target }) {
      const { cookie } = await signIn({ wire, ...target }, await target.newUser())
      const body = { refresh_token: cookie.split('=')[1] }
      for (const message of [{}, { body }]) {
        answers(await wire('POST', path, message), 400, { msg: 'Missing refresh token' })
      }
    },
  },
  {
    name: 'a refresh finds its cookie by name among others',
    async run(target) {
      const { cookie } = await signIn(target, await target.newUser())
      answersStatus(await refresh(target, `first=1; ${cookie}; last=2`), 200)
    },
  },
  {
    name: 'a refresh works after the access token has expired, and next to a dead one',
    async run(target) {
      const { accessToken, cookie } = await signIn(target, await target.newUser())
      await target.passTime(target.accessTokenLifetimeMs + 1000)
      equal(await readStatus(target, { 'xc-auth': accessToken }), 401)
      const headers = { cookie, 'xc-auth': accessToken }
      const renewed = sessionOf(await target.wire('POST', path, { headers }))
      equal(await readStatus(target, { 'xc-auth': renewed.accessToken }), 200)
    },
  },
  {
    name: 'the access token from before a refresh lives on until it expires',
    async run(target) {
      const { accessToken, cookie } = await signIn(target, await target.newUser())
      answersStatus(await refresh(target, cookie), 200)
      equal(await readStatus(target, { 'xc-auth': accessToken }), 200)
      await target.passTime(target.accessTokenLifetimeMs + 1000)
      const headers = { 'xc-auth': accessToken }
      answers(await target.wire('GET', target.recordsPath, { headers }), 401, invalidToken)
    },
  },
  {
    name: 'of ten simultaneous refreshes with one cookie, one successor is usable',
    async run(target) {
      const { cookie } = await signIn(target, await target.newUser())
      const all = await Promise.all(Array.from({ length: 10 }, () => refresh(target, cookie)))
      const successors = all.filter(({ status }) => status === 200).map(refreshCookieOf)
      const statuses: number[] = []
      for (const successor of successors) statuses.push((await refresh(target, successor)).status)
      equal(statuses.filter((status) => status === 200).length, 1)
    },
  },
]
