import { isLatchkeyError, LatchkeyError, type Scheme, type TokenSet } from '@latchkey/core'
import { ask, unavailable } from './exchange.ts'
import { presenting, refresh } from './grants.ts'
import type { TokenApi } from './session-options.ts'

/**
 * Tells the server that `ended` is over, where it wants to know. A server that does not take the access
 * token any more gets a renewed one, if that can be had: the refresh token is what lives longest.
 *
 * @throws {LatchkeyError} `ERR_SIGN_OUT_INCOMPLETE`.
 */
export async function revoke(
  api: TokenApi,
  scheme: Scheme,
  ended: TokenSet,
  fetch: typeof globalThis.fetch,
): Promise<void> {
  if (!api.signOut) return
  try {
    const { ok, status } = await tell(api, scheme, ended, fetch)
    if (ok || status !== 401 || !ended.refreshToken) return
    const renewed = await refresh(api, ended.refreshToken, { fetch })
    if (renewed) await tell(api, scheme, { ...ended, ...renewed }, fetch)
  } catch (error) {
    if (isLatchkeyError(error) && error.code === 'ERR_REFRESH_TOKEN_REJECTED') return
    throw new LatchkeyError(
      'ERR_SIGN_OUT_INCOMPLETE',
      'Signed out here, but the server could not be told, so what it issued lives on until it expires.',
      { cause: error },
    )
  }
}

/** One request. A 401 says that the token is dead already. @throws for every other no. */
async function tell(
  api: TokenApi,
  scheme: Scheme,
  tokens: TokenSet,
  fetch: typeof globalThis.fetch,
): Promise<Response> {
  const endpoint = api.signOut as NonNullable<TokenApi['signOut']>
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
  if (response.ok || response.status === 401) return response
  throw unavailable(endpoint, response)
}
