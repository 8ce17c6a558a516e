import { type Answering, answeringFetch, type DoubleFetch } from '../double/answering.ts'
import { createFaults } from '../double/faults.ts'
import { createJwtApp } from './jwt-app.ts'
import { createJwtControl, type JwtControl } from './jwt-control.ts'
import { createJwtLedger, type JwtRequestKind, jwtRequestKinds, kindOfJwt } from './jwt-ledger.ts'
import { type JwtDoubleOptions, jwtSettings } from './jwt-options.ts'
import { createJwtWorld } from './jwt-world.ts'

/** A REST API in this process that answers a sign-in with a JWT. */
export interface JwtDouble {
  /**
   * Answers a request in process. It has the signature of the platform's fetch, so it fits any `fetch` option. Only
   * the path matters, not the host. Rejects like fetch when the request is aborted or a network fault was ordered.
   */
  readonly fetch: DoubleFetch
  /** Changes users, sessions, faults and time, and reports the requests so far. */
  readonly control: JwtControl
}

/**
 * Makes a JWT double: in process by its `fetch`, over HTTP with `listen()` from `@latchkey/testing/node`, in
 * MSW with `doubleHandlers()` from `@latchkey/testing/msw`. It starts without users.
 *
 * Access tokens are JWTs (HS256), refresh tokens rotate and detect reuse; both are in the body or in cookies.
 * Every path but the three of the session is the API.
 *
 * @throws TypeError when an option is wrong; the message names it.
 * @example
 * const double = createJwtDouble({ signIn: '/api/login', refreshToken: { cookie: 'refresh' } })
 * double.control.addUser({ username: 'ada@example.com', password: 'correct horse' })
 * const response = await double.fetch('https://api.test/notes')
 * // 401: no token was sent
 */
export function createJwtDouble(options: JwtDoubleOptions = {}): JwtDouble {
  const world = createJwtWorld(jwtSettings(options))
  const faults = createFaults(jwtRequestKinds)
  const ledger = createJwtLedger()
  const arrived: Answering<JwtRequestKind>['arrived'] = (request, kind, fault) => {
    const at = world.now()
    const { method, url } = request
    const path = new URL(url).pathname
    return (status) => {
      const reason = world.refusals.get(request)
      ledger.record({ at, method, path, kind, status, reason, fault })
    }
  }
  return {
    fetch: answeringFetch({
      app: createJwtApp(world),
      faults,
      kindOf: (request) => kindOfJwt(world.settings, request),
      arrived,
    }),
    control: createJwtControl(world, faults, ledger),
  }
}
