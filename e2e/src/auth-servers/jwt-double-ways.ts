import type { TokenSet } from '@latchkey/core'
import type { JwtSessionOptions } from '@latchkey/jwt'
import { createJwtDouble, type JwtDoubleOptions } from '@latchkey/testing'
import { listen } from '@latchkey/testing/node'
import { decode, sign } from 'hono/jwt'
import { startGate } from './gate.ts'
import type { ServerUnderTest } from './server-under-test.ts'

const jwtSecret = 'CANARY-7f3a-signing'

/** The double as one kind of back end, and what its users tell `jwtSession()` about it. */
export interface JwtWay {
  readonly double: JwtDoubleOptions
  readonly options: Omit<JwtSessionOptions, 'baseUrl'>
  readonly differs?: Partial<ServerUnderTest>
}

const paths = { signIn: '/auth/login', refresh: '/auth/refresh', signOut: '/auth/logout' }

/** Kinds of back ends that real ones are of. */
export const jwtWays: Readonly<Record<string, JwtWay>> = {
  'both tokens in the body': {
    double: {},
    options: { ...paths, signOut: { path: '/auth/logout', send: { body: 'refresh_token' } } },
  },
  'the refresh token in a cookie': {
    double: { refreshToken: { cookie: 'refresh' } },
    options: {
      ...paths,
      refreshToken: { cookie: 'refresh' },
      signOut: { path: '/auth/logout', send: { cookie: 'refresh' } },
    },
  },
  'other paths, and fields inside others': {
    double: {
      signIn: '/api/v2/login',
      refresh: '/api/v2/renew',
      signOut: '/api/v2/out',
      usernameField: 'user',
      passwordField: 'pin',
      token: 'data.session.token',
      refreshToken: 'data.session.again',
      expiresIn: 'data.life',
    },
    options: {
      signIn: '/api/v2/login',
      refresh: { path: '/api/v2/renew', send: { body: 'again' } },
      signOut: { path: '/api/v2/out', send: { body: 'again' } },
      token: 'data.session.token',
      refreshToken: 'data.session.again',
      expiresIn: 'data.life',
    },
    differs: {
      user: { user: 'ada', pin: 'CANARY-7f3a-ada' },
      wrong: { user: 'ada', pin: 'CANARY-7f3a-wrong' },
    },
  },
  'access tokens that outlive their session': {
    double: { checksSessions: false },
    options: { ...paths, signOut: { path: '/auth/logout', send: { body: 'refresh_token' } } },
    differs: { refusesAtOnce: false },
  },
  'a refresh token that is kept, and forms': {
    double: { refreshTokens: 'keep' },
    options: {
      signIn: { path: '/auth/login', as: 'form' },
      refresh: { path: '/auth/refresh', as: 'form' },
      signOut: { path: '/auth/logout', as: 'form', send: { body: 'refresh_token' } },
    },
    differs: { rotates: false },
  },
  'no renewal but signing in again': {
    double: { refresh: false },
    options: { signIn: '/auth/login', signOut: '/auth/logout' },
    differs: { renewsBy: 'signIn', rotates: false },
  },
}

/** Serves the double over HTTP, behind a gate. */
export async function openJwtWay({ double: given, options, differs }: JwtWay) {
  const double = createJwtDouble({ ...given, jwtSecret })
  const { control } = double
  control.addUser({ username: 'ada', password: 'CANARY-7f3a-ada' })
  const server = await listen(double)
  const gate = await startGate(() => server.url)
  const { signIn = '/auth/login', refresh = '/auth/refresh', signOut = '/auth/logout' } = given
  const tokenOf = ({ accessToken, refreshToken }: TokenSet) => refreshToken ?? accessToken
  const underTest: ServerUnderTest = {
    gate,
    options: { baseUrl: gate.url, ...options },
    user: { email: 'ada', password: 'CANARY-7f3a-ada' },
    wrong: { email: 'ada', password: 'CANARY-7f3a-wrong' },
    wrongWords: 'Invalid credentials',
    read: { path: '/notes' },
    kindOf({ path }) {
      if (path === signIn) return 'signIn'
      if (path === refresh) return 'renewal'
      return path === signOut ? 'signOut' : 'read'
    },
    renewsBy: 'refresh',
    rotates: true,
    lifeS: 900,
    refusesAtOnce: true,
    async outdated(tokens) {
      const exp = Math.floor(Date.now() / 1000) - 60
      const { payload } = decode(tokens.accessToken)
      return { ...tokens, accessToken: await sign({ ...payload, exp }, jwtSecret, 'HS256') }
    },
    endElsewhere: async () => control.revokeSessions(),
    isAlive: (tokens) => control.hasSession(tokenOf(tokens)),
    ...differs,
  }
  return {
    underTest,
    async close() {
      await gate.shut()
      await server.close()
    },
  }
}
