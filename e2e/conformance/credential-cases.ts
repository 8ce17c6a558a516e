import { equal } from 'node:assert/strict'
import { newApiToken, readStatus, signIn, whoAmI } from './session.ts'
import type { ConformanceCase, ConformanceTarget } from './target.ts'

export const credentialCases: readonly ConformanceCase[] = [
  {
    name: 'a good xc-auth wins over a good xc-token',
    async run(target) {
      const { a, b } = await twoUsers(target)
      equal(await whoAmI(target, { 'xc-auth': a.accessToken, 'xc-token': b.apiToken }), a.email)
    },
  },
  {
    name: 'a bad xc-auth falls through to a good xc-token: another user, and no error',
    async run(target) {
      const { b } = await twoUsers(target)
      const headers = { 'xc-auth': 'garbage', 'xc-token': b.apiToken }
      equal(await whoAmI(target, headers), b.email)
      equal(await readStatus(target, headers), 200)
    },
  },
  {
    name: 'a good xc-auth does not mind a bad xc-token',
    async run(target) {
      const { a } = await twoUsers(target)
      equal(await whoAmI(target, { 'xc-auth': a.accessToken, 'xc-token': 'garbage' }), a.email)
    },
  },
  {
    name: 'two bad credentials answer 401',
    async run(target) {
      equal(await readStatus(target, { 'xc-auth': 'garbage', 'xc-token': 'garbage' }), 401)
    },
  },
  {
    name: 'an API token counts in xc-token and as bearer, not in xc-auth',
    async run(target) {
      const { b } = await twoUsers(target)
      equal(await readStatus(target, { 'xc-token': b.apiToken }), 200)
      equal(await readStatus(target, { authorization: `BEARER ${b.apiToken}` }), 200)
      equal(await readStatus(target, { 'xc-auth': b.apiToken }), 401)
    },
  },
  {
    name: 'an access token counts neither in xc-token nor as bearer',
    async run(target) {
      const { a } = await twoUsers(target)
      equal(await readStatus(target, { 'xc-token': a.accessToken }), 401)
      equal(await readStatus(target, { authorization: `Bearer ${a.accessToken}` }), 401)
    },
  },
  {
    name: 'an xc-token hides the authorization header unless it is blank',
    async run(target) {
      const authorization = `Bearer ${(await twoUsers(target)).b.apiToken}`
      equal(await readStatus(target, { 'xc-token': 'garbage', authorization }), 401)
      equal(await readStatus(target, { 'xc-token': ' ', authorization }), 200)
    },
  },
]

async function twoUsers(target: ConformanceTarget) {
  return { a: await signedInUser(target), b: await signedInUser(target) }
}

async function signedInUser(target: ConformanceTarget) {
  const { email, password } = await target.newUser()
  const { accessToken } = await signIn(target, { email, password })
  const { token: apiToken } = await newApiToken(target, accessToken)
  return { email, accessToken, apiToken }
}
