import type { Scheme, TokenSet } from '@latchkey/core'
import { isForeignAnswer, type Revocation } from '@latchkey/core/service'
import { ask, unavailable } from './exchange.ts'
import { presenting, refresh } from './grants.ts'
import type { TokenApi } from './session-options.ts'

/** Signs out at the server, if `signOut` is configured. */
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

/** Sends one sign-out request. A 401 means that the access token is dead already. @throws for every other failure. */
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
    const { response, text } = await ask(api, endpoint, told)
    const { ok, status } = response
    if (ok || (status === 401 && !isForeignAnswer(response, text))) return ok
    throw unavailable(endpoint, response)
  }
  const own = Object.entries(sent.headers ?? {})
  // If the refresh token is sent in place of the access token, send both in turn: the server ends the one it gets.
  const takesPlace = own.some(([name]) => name !== 'cookie' && headers.has(name))
  const isHeard = !takesPlace || (await say(new Headers(headers)))
  for (const [name, value] of own) {
    const cookies = name === 'cookie' ? headers.get(name) : null
    headers.set(name, cookies ? `${cookies}; ${value}` : value)
  }
  return (await say(headers)) || (takesPlace && isHeard)
}
