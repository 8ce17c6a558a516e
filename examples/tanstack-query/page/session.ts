import { type NocoDBOptions, nocodb } from '@latchkey/nocodb'
import { createQueries } from './queries.ts'
import { createQueryClient } from './query-client.ts'

/** A session at a NocoDB, with its queries and a cache for their answers. */
export function openSession(options: NocoDBOptions) {
  const noco = nocodb(options)
  return { noco, client: createQueryClient(noco), queries: createQueries(options.baseUrl, noco) }
}
