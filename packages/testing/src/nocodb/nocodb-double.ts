import { type Answering, answeringFetch, type DoubleFetch } from '../double/answering.ts'
import { createFaults } from '../double/faults.ts'
import { createApp } from './app.ts'
import type { NocoDBControl } from './control.ts'
import { createControl } from './control.ts'
import type { NocoDBDoubleOptions } from './double-options.ts'
import { settingsFrom } from './double-options.ts'
import { createNocoDBLedger, credentialsOf, withoutSecrets } from './ledger.ts'
import { kindOf, type RequestKind, requestKinds } from './request-kind.ts'
import type { ServerVersion } from './server-version.ts'
import { createWorld } from './world.ts'

/** A NocoDB server in this process. */
export interface NocoDBDouble {
  /** The server version that it reproduces. */
  readonly version: ServerVersion
  /**
   * Answers a request in process. It has the signature of the platform's fetch, so it fits any `fetch` option. Only
   * the path matters, not the host. Rejects like fetch when the request is aborted or a network fault was ordered.
   */
  readonly fetch: DoubleFetch
  /** Changes users, sessions, faults and time, and reports the requests so far. */
  readonly control: NocoDBControl
}

/**
 * Makes a NocoDB double: in process by its `fetch`, over HTTP with `listen()` from
 * `@latchkey/testing/node`, in MSW with `nocodbHandlers()` from `@latchkey/testing/msw`. All three may
 * serve the same double at once. It starts empty: the first user, signed up or added, is super admin.
 *
 * It answers like the real server, as measured on 0.262.5, 0.265.1 and 0.301.3, including single-use refresh cookies
 * and oddities. `'2026'` follows the source code only.
 *
 * @throws TypeError when an option is wrong; the message names it.
 * @example
 * const double = createNocoDBDouble({ accessTokenLifetimeMs: 2000 })
 * double.control.addUser({ email: 'ada@example.com', password: 'correct horse' })
 * const response = await double.fetch('http://nocodb.test/api/v2/meta/bases')
 * // 401: no user has signed in
 */
export function createNocoDBDouble(options: NocoDBDoubleOptions = {}): NocoDBDouble {
  const world = createWorld(settingsFrom(options))
  const faults = createFaults(requestKinds)
  const ledger = createNocoDBLedger()
  const arrived: Answering<RequestKind>['arrived'] = ({ method, headers, url }, kind, fault) => {
    const at = world.now()
    const path = withoutSecrets(new URL(url).pathname)
    const credentials = credentialsOf(headers)
    return (status) => ledger.record({ at, method, path, kind, status, credentials, fault })
  }
  return {
    version: world.settings.version,
    fetch: answeringFetch({
      app: createApp(world),
      faults,
      kindOf: ({ url }) => kindOf(new URL(url).pathname),
      arrived,
    }),
    control: createControl(world, faults, ledger),
  }
}
