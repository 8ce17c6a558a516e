/**
 * Doubles as MSW handlers. Peer: msw >= 3.
 *
 * @module
 */

import { http, HttpResponse } from 'msw'
import { normalBasePath, withoutBasePath } from './double/base-path.ts'
import { NetworkFault } from './double/faults.ts'
import type { FetchServer } from './double/fetch-server.ts'
import type { NocoDBDouble } from './nocodb/nocodb-double.ts'

export type { FetchServer } from './double/fetch-server.ts'

/**
 * Makes MSW request handlers that let a double answer everything under `baseUrl`, such as
 * `https://auth.test` or `https://host.test/api`. An ordered network fault becomes MSW's own
 * network error.
 *
 * @throws TypeError when `baseUrl` is not an absolute URL.
 * @example
 * import { setupServer } from 'msw/node'
 *
 * const server = setupServer(...doubleHandlers(createOAuthDouble(), 'https://auth.test'))
 */
export function doubleHandlers(double: FetchServer, baseUrl: string) {
  const { origin, pathname } = new URL(baseUrl)
  const prefix = normalBasePath(pathname)
  return [
    http.all(`${origin}${prefix}/*`, async ({ request }) => {
      const inner = withoutBasePath(request, prefix)
      if (!inner) return undefined
      try {
        return await double.fetch(inner)
      } catch (error) {
        if (!(error instanceof NetworkFault)) throw error
        return HttpResponse.error()
      }
    }),
  ]
}

/** The same as `doubleHandlers()`, for a NocoDB double. */
export function nocodbHandlers(double: NocoDBDouble, baseUrl: string) {
  return doubleHandlers(double, baseUrl)
}
