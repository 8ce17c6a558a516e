import { type Answering, answeringFetch, type DoubleFetch } from '../double/answering.ts'
import { createFaults } from '../double/faults.ts'
import { kindOfOAuth, type OAuthRequestKind, oauthRequestKinds } from './endpoints.ts'
import { createOAuthApp } from './oauth-app.ts'
import { createOAuthControl, type OAuthControl } from './oauth-control.ts'
import { createOAuthLedger } from './oauth-ledger.ts'
import { type OAuthDoubleOptions, oauthSettings } from './oauth-options.ts'
import { createOAuthWorld } from './oauth-world.ts'

/** An OAuth 2.0 and OpenID Connect server in this process, and an API that accepts its tokens. */
export interface OAuthDouble {
  /**
   * Answers a request in process. It has the signature of the platform's fetch, so it fits any `fetch` option. Any
   * host works, because the issuer is the origin of the request. Rejects like fetch when the request is aborted or a
   * network fault was ordered.
   */
  readonly fetch: DoubleFetch
  /** Changes clients, users, sessions, faults and time, and reports the requests so far. */
  readonly control: OAuthControl
}

/**
 * Makes an OAuth double: in process by its `fetch`, over HTTP with `listen()` from `@latchkey/testing/node`,
 * in MSW with `doubleHandlers()` from `@latchkey/testing/msw`. It starts without clients and users.
 *
 * It answers like oidc-provider, because the same cases run against both: client credentials,
 * password, code with PKCE, device code, refresh tokens that rotate and detect reuse, revocation,
 * introspection, discovery, registration and DPoP. Every path that is not the server's own is the API.
 *
 * @throws TypeError when an option is wrong; the message names it.
 * @example
 * const double = createOAuthDouble({ accessTokenLifetimeMs: 60_000 })
 * double.control.addClient({ clientId: 'reports', clientSecret: 'a secret' })
 * const response = await double.fetch('https://auth.test/api/reports')
 * // 401: no token was sent
 */
export function createOAuthDouble(options: OAuthDoubleOptions = {}): OAuthDouble {
  const world = createOAuthWorld(oauthSettings(options))
  const faults = createFaults(oauthRequestKinds)
  const ledger = createOAuthLedger()
  const arrived: Answering<OAuthRequestKind>['arrived'] = (request, kind, fault) => {
    const at = world.now()
    const { method, url, headers } = request
    const path = new URL(url).pathname
    const authorization = headers.get('authorization')?.split(' ', 1)[0]?.toLowerCase()
    return (status) => {
      const { error, description: reason } = world.refusals.get(request) ?? {}
      ledger.record({ at, method, path, kind, status, authorization, error, reason, fault })
    }
  }
  return {
    fetch: answeringFetch({
      app: createOAuthApp(world),
      faults,
      kindOf: (request) => kindOfOAuth(request, world.settings.issuerPath),
      arrived,
    }),
    control: createOAuthControl(world, faults, ledger),
  }
}
