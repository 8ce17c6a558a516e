/**
 * The NocoDB double as MSW handlers. Peer: msw >= 3.
 *
 * @module
 */

import { http, HttpResponse } from 'msw'
import { normalBasePath, withoutBasePath } from './nocodb/base-path.ts'
import { NetworkFault } from './nocodb/faults.ts'
import type { NocoDBDouble } from './nocodb/nocodb-double.ts'

/**
 * Makes MSW request handlers that let a double answer everything under `baseUrl`, such as
 * `https://nocodb.test` or `https://host.test/nocodb`. An ordered network fault becomes MSW's own
 * network error.
 *
 * @throws TypeError when `baseUrl` is not an absolute URL.
 * @example
 * import { setupServer } from 'msw/node'
 *
 * const server = setupServer(...nocodbHandlers(createNocoDBDouble(), 'https://nocodb.test'))
 */
export function nocodbHandlers(double: NocoDBDouble, baseUrl: string) {
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
