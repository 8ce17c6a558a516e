import { wrapFetch } from '@latchkey/fetch'
import { nocodbFromEnv } from '@latchkey/nocodb'
import createClient from 'openapi-fetch'
import type { paths } from './nocodb-paths.ts'

/** A client of NocoDB, typed by its paths and kept signed in. */
export function clientFromEnv(env: Record<string, string | undefined>) {
  const noco = nocodbFromEnv(env)
  const api = createClient<paths>({ baseUrl: env['NOCODB_URL'] ?? '', fetch: wrapFetch(noco) })
  return { noco, api }
}
