import type { Scheme, TokenSet } from '@latchkey/core'
import type { Revocation } from '@latchkey/core/service'
import { ask, unavailable } from './exchange.ts'
import { presenting, refresh } from './grants.ts'
import type { TokenApi } from './session-options.ts'

/** How the server is told of a sign-out, where it wants to know. */
export function revocation(
  api: TokenApi,
  scheme: Scheme,
  fetch: typeof globalThis.fetch,
): Revocation {
  return {
    tell: (ended) => tell(api, scheme, ended, fetch),
    renew: (refreshToken) => refresh(api, refreshToken, { fetch }),
  }
}

/** One request. A 401 says that the access token is dead already. @throws for every other no. */
async function tell(
  api: TokenApi,
  scheme: Scheme,
  tokens: TokenSet,
  fetch: typeof globalThis.fetch,
): Promise<boolean> {
  const endpoint = api.signOut
  if (!endpoint) return true
  const { url, method = 'POST', send } = endpoint
  const { accessToken, refreshToken } = tokens
  const headers = new Headers(await scheme.headers(tokens, { url, method }))
  const sent = send && refreshToken ? presenting(send, refreshToken) : {}
  for (const [name, value] of Object.entries(sent.headers ?? {})) {
    const cookies = name === 'cookie' ? headers.get(name) : null
    headers.set(name, cookies ? `${cookies}; ${value}` : value)
  }
  const { response } = await ask(api, endpoint, {
    fetch,
    headers: Object.fromEntries(headers),
    fields: sent.fields,
    secrets: [accessToken, ...(refreshToken ? [refreshToken] : [])],
  })
  if (response.ok || response.status === 401) return response.ok
  throw unavailable(endpoint, response)
}
