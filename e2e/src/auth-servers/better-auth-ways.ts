import type { TokenSet } from '@latchkey/core'
import type { Credentials } from '@latchkey/jwt'
import { betterAuthOptions } from './better-auth-options.ts'
import type { BetterAuthServer } from './better-auth-server.ts'
import type { Gate, Passed } from './gate.ts'
import type { ServerUnderTest } from './server-under-test.ts'

/** A better-auth server, one way of signing in to it after the other. */
export function betterAuthWays(server: BetterAuthServer, gate: Gate, user: Credentials) {
  const { bearer, inCookie, prolonged, jwt } = betterAuthOptions(gate.url)
  const sessionOf = ({ accessToken, refreshToken = accessToken }: TokenSet) => refreshToken
  const common = {
    gate,
    user,
    wrong: { ...user, password: 'CANARY-7f3a-wrong' },
    wrongWords: 'Invalid email or password',
    rotates: false,
    kindOf,
    endElsewhere: (tokens: TokenSet) => server.expire(sessionOf(tokens)),
    isAlive: (tokens: TokenSet) => server.isAlive(sessionOf(tokens)),
  }
  const bySession = {
    ...common,
    read: { path: '/notes' },
    refusesAtOnce: true,
    async outdated(tokens: TokenSet) {
      await server.expire(sessionOf(tokens))
      return tokens
    },
  }
  return {
    bearer: { ...bySession, options: bearer, renewsBy: 'signIn', lifeS: undefined },
    cookie: { ...bySession, options: inCookie, renewsBy: 'signIn', lifeS: 3_600 },
    prolonged: {
      ...bySession,
      options: prolonged,
      renewsBy: 'refresh',
      lifeS: 3_600,
      endsWithToken: true,
      // The session lives on: the access token is a cookie that was spoiled on the way.
      outdated: async (tokens: TokenSet) => ({ ...tokens, accessToken: 'CANARY-7f3a-spoiled' }),
    },
    jwt: {
      ...common,
      options: jwt,
      read: { path: '/jwt/notes' },
      renewsBy: 'refresh',
      lifeS: 900,
      refusesAtOnce: false,
      signOuts: 2,
      outdated: async (tokens: TokenSet) => ({
        ...tokens,
        accessToken: await server.expiredJwt(tokens.accessToken),
      }),
    },
  } satisfies Record<string, ServerUnderTest>
}

function kindOf({ path }: Passed) {
  if (path.endsWith('/sign-in/email')) return 'signIn'
  if (path.endsWith('/sign-out')) return 'signOut'
  return /\/(token|get-session)$/.test(path) ? 'renewal' : 'read'
}
