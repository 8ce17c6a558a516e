import type { TokenSet } from '@latchkey/core'
import type { Credentials } from '@latchkey/jwt'
import { directusOptions } from './directus-options.ts'
import type { DirectusServer } from './directus-server.ts'
import type { Gate, Passed } from './gate.ts'
import type { ServerUnderTest } from './server-under-test.ts'

/** A Directus server, one mode of signing in to it after the other. */
export function directusWays(
  server: DirectusServer,
  gate: Gate,
  user: { email: string; password: string },
) {
  const { json, cookie, session, graphql } = directusOptions(gate.url)
  const common = commonOf(server, gate, user)
  return {
    json: { ...common, options: json },
    cookie: { ...common, options: cookie },
    session: {
      ...common,
      options: session,
      lifeS: 86_400,
      endsWithToken: true,
      refusesAtOnce: true,
      // A session cookie that has expired can buy no other: this one was spoiled on the way.
      outdated: (tokens: TokenSet) =>
        Promise.resolve({ ...tokens, accessToken: `${tokens.accessToken}x` }),
      endElsewhere: (tokens: TokenSet) =>
        common.endElsewhere({ ...tokens, refreshToken: sessionOf(tokens) }),
      isAlive: (tokens: TokenSet) => Promise.resolve(server.hasSession(sessionOf(tokens))),
    },
    graphql: {
      ...common,
      options: graphql,
      user: { variables: common.user },
      wrong: { variables: common.wrong },
      read: {
        path: '/graphql/system',
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: '{ users_me { email } }' }),
      },
    },
  } satisfies Record<string, ServerUnderTest>
}

/** The session that a token in the cookie names. */
function sessionOf({ accessToken }: TokenSet): string {
  const payload = Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString()
  return (JSON.parse(payload) as { session: string }).session
}

function commonOf(server: DirectusServer, gate: Gate, user: { email: string; password: string }) {
  const wrong = { ...user, password: 'CANARY-7f3a-wrong' }
  return {
    gate,
    user: user as Credentials,
    wrong: wrong as Credentials,
    wrongWords: 'Invalid user credentials',
    read: { path: '/users/me?fields=email' },
    kindOf: ({ path, body }: Passed) => kindOf(path, body),
    renewsBy: 'refresh' as const,
    rotates: true,
    lifeS: 900,
    refusesAtOnce: false,
    outdated: (tokens: TokenSet) => {
      const exp = Math.floor(Date.now() / 1000) - 60
      return Promise.resolve({
        ...tokens,
        accessToken: server.resigned(tokens.accessToken, { exp }),
      })
    },
    async endElsewhere({ refreshToken }: TokenSet) {
      const body = JSON.stringify({ refresh_token: refreshToken, mode: 'json' })
      const headers = { 'content-type': 'application/json' }
      await fetch(`${server.url}/auth/logout`, { method: 'POST', headers, body })
    },
    isAlive: ({ refreshToken = '' }: TokenSet) => Promise.resolve(server.hasSession(refreshToken)),
  }
}

function kindOf(path: string, body: string) {
  const asked = path.startsWith('/graphql') ? body : path
  if (/auth.login/.test(asked)) return 'signIn'
  if (/auth.refresh/.test(asked)) return 'renewal'
  return /auth.logout/.test(asked) ? 'signOut' : 'read'
}
