import { expectKnown, invalidOption, type OptionNames } from '@latchkey/core/service'
import { ClientSecretPost } from 'oauth4webapi'
import { clientCredentialsGrant } from '../grants.ts'
import { manageOAuth, type OAuth } from '../oauth.ts'
import { openApplication, sharedOptions, type SharetribeOptions } from './application.ts'

/** The application and its secret. */
export interface SharetribeIntegrationOptions extends SharetribeOptions {
  /** The application's client secret. It gives full access, so never use it in a browser. */
  clientSecret: string
}

const KNOWN: OptionNames<SharetribeIntegrationOptions> = { ...sharedOptions, clientSecret: 'text' }

/**
 * Keeps clients signed in to Sharetribe's Integration API, with the application's own credentials.
 *
 * @throws {LatchkeyError} `ERR_INVALID_OPTION`, naming the option and what was expected.
 *
 * @example
 * const integration = sharetribeIntegration({ clientId, clientSecret })
 * const response = await wrapFetch(integration)('https://flex-integ-api.sharetribe.com/v1/integration_api/users/query')
 */
export function sharetribeIntegration(given: SharetribeIntegrationOptions): OAuth {
  const options = expectKnown(given, KNOWN)
  const { clientSecret } = options
  if (clientSecret === undefined) throw invalidOption('`clientSecret` must be a non-empty string.')
  const { context, managerOptions, refresh, revocation } = openApplication(options, {
    baseUrl: 'https://flex-integ-api.sharetribe.com',
    sessionScope: 'integ',
    bareScope: 'integ',
    authentication: ClientSecretPost(clientSecret),
    secrets: [clientSecret],
  })
  const grants = [refresh, clientCredentialsGrant(context, 'integ')]
  return manageOAuth({ ...managerOptions, grants }, revocation)
}
