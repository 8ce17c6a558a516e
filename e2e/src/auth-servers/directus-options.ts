import type { JwtSessionOptions, TokenAnswer } from '@latchkey/jwt'
import { directus } from '@latchkey/jwt/back-ends'

/** What users of Directus tell `jwtSession()`, for each of its modes. */
export function directusOptions(baseUrl: string) {
  const common = { baseUrl, isTokenRejected: directus }
  const json: JwtSessionOptions = {
    ...common,
    signIn: '/auth/login',
    refresh: '/auth/refresh',
    signOut: { path: '/auth/logout', send: { body: 'refresh_token' } },
    token: 'data.access_token',
    refreshToken: 'data.refresh_token',
    expiresIn: inSeconds,
  }
  const cookie: JwtSessionOptions = {
    ...common,
    signIn: { path: '/auth/login', fields: { mode: 'cookie' } },
    refresh: { path: '/auth/refresh', fields: { mode: 'cookie' } },
    signOut: {
      path: '/auth/logout',
      fields: { mode: 'cookie' },
      send: { cookie: 'directus_refresh_token' },
    },
    token: 'data.access_token',
    refreshToken: { cookie: 'directus_refresh_token' },
    expiresIn: inSeconds,
  }
  const session: JwtSessionOptions = {
    ...common,
    signIn: { path: '/auth/login', fields: { mode: 'session' } },
    refresh: { path: '/auth/refresh', fields: { mode: 'session' } },
    signOut: { path: '/auth/logout', fields: { mode: 'session' } },
    token: { cookie: 'directus_session_token' },
    refreshToken: { cookie: 'directus_session_token' },
  }
  return { json, cookie, session, graphql: { ...common, ...graphql } }
}

const inSeconds = (body: unknown) =>
  ((body as { data?: { expires?: number } }).data?.expires ?? Number.NaN) / 1000

/** GraphQL says no with a 200. */
const rejected = ({ body }: TokenAnswer) => (body as { errors?: unknown[] }).errors !== undefined

const answer = '{ access_token refresh_token expires }'
const mutation = (name: string, parameters: string, given: string, selection = answer) =>
  `mutation (${parameters}) { answer: ${name}(${given}, mode: json) ${selection} }`

/** Each request goes to one path, the variables below `variables`. */
const graphql: Omit<JwtSessionOptions, 'baseUrl'> = {
  signIn: {
    // With a slash at its end it is another path than that of ordinary requests, which take a token.
    path: '/graphql/system/',
    fields: {
      query: mutation(
        'auth_login',
        '$email: String!, $password: String!',
        'email: $email, password: $password',
      ),
    },
    rejected,
  },
  refresh: {
    path: '/graphql/system/',
    fields: {
      query: mutation('auth_refresh', '$refresh_token: String!', 'refresh_token: $refresh_token'),
    },
    rejected,
  },
  signOut: {
    path: '/graphql/system/',
    fields: {
      query: mutation(
        'auth_logout',
        '$refresh_token: String!',
        'refresh_token: $refresh_token',
        '',
      ),
    },
    send: { body: 'refresh_token' },
  },
  token: 'data.answer.access_token',
  refreshToken: 'data.answer.refresh_token',
  expiresIn: (body) => inSeconds({ data: (body as { data?: { answer?: unknown } }).data?.answer }),
  // `send` names no field inside another, so what it has put beside `variables` is moved into it here.
  fetch: (input, init) => fetch(input, { ...init, body: withVariables(init?.body) }),
}

function withVariables(body: unknown): string {
  const { refresh_token, ...rest } = JSON.parse(String(body)) as Record<string, unknown>
  return JSON.stringify(refresh_token ? { ...rest, variables: { refresh_token } } : rest)
}
