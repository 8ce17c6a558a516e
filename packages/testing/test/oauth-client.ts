import { createOAuthDouble, type OAuthDoubleOptions } from '@latchkey/testing'

/** Secrets of the tests hold the canary: it must never show up in an output. */
export const app = { clientId: 'app', clientSecret: 'CANARY-7f3a-app' }
export const ada = { username: 'ada', password: 'CANARY-7f3a-ada' }
export const api = 'https://api.test/notes'
const tokenUrl = 'https://api.test/token'

interface Tokens {
  access_token: string
  refresh_token: string
  error: string
}

/** A double that knows one client and Ada, and a bare client of it in process. Time stands still. */
export function openOAuth(options: OAuthDoubleOptions = {}) {
  const double = createOAuthDouble({ now: () => 0, ...options })
  const { control, fetch } = double
  control.addClient({ ...app, redirectUris: ['https://app.test/back'] })
  control.addUser(ada)
  const token = async (fields: Record<string, string>) => {
    const { clientId: client_id, clientSecret: client_secret } = app
    const body = new URLSearchParams({ client_id, client_secret, ...fields })
    const response = await fetch(tokenUrl, { method: 'POST', body })
    return { status: response.status, json: (await response.json()) as Tokens }
  }
  return {
    double,
    control,
    token,
    signIn: async (scope = 'read') => (await token({ grant_type: 'password', scope, ...ada })).json,
    refresh: (refreshToken: string | undefined) =>
      token({ grant_type: 'refresh_token', refresh_token: refreshToken ?? '' }),
    read: (accessToken: string, url = api) =>
      fetch(url, { headers: { authorization: `Bearer ${accessToken}` } }),
  }
}
