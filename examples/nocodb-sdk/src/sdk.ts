import { registerAuth } from '@latchkey/axios'
import { nocodbFromEnv } from '@latchkey/nocodb'
import { Api } from 'nocodb-sdk'

/** NocoDB's SDK, kept signed in. */
export function sdkFromEnv(env: Record<string, string | undefined>) {
  const noco = nocodbFromEnv(env)
  const api = new Api({ baseURL: env['NOCODB_URL'] ?? '' })
  registerAuth(api.instance, noco)
  return { noco, api }
}
