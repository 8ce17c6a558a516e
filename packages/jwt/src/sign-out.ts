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
  const secrets = [accessToken, ...(refreshToken ? [refreshToken] : [])]
  const say = async (carried: Headers, fields = sent.fields) => {
    const told = { fetch, headers: Object.fromEntries(carried), fields, secrets }
    const { response } = await ask(api, endpoint, told)
    if (response.ok || response.status === 401) return response.ok
    throw unavailable(endpoint, response)
  }
  const own = Object.entries(sent.headers ?? {})
  // Where one takes the place of the other, each is presented: the server ends the one that it gets.
  const takesPlace = own.some(([name]) => name !== 'cookie' && headers.has(name))
  const isHeard = !takesPlace || (await say(new Headers(headers)))
  for (const [name, value] of own) {
    const cookies = name === 'cookie' ? headers.get(name) : null
    headers.set(name, cookies ? `${cookies}; ${value}` : value)
  }
  return (await say(headers)) || (takesPlace && isHeard)
}
