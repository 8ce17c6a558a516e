import {
  extendManager,
  configuredUser,
  expectKnown,
  invalidOption,
  isSignedIn,
  type OptionNames,
  type SignInAnswer,
} from '@latchkey/core/service'
import { None } from 'oauth4webapi'
import {
  clientCredentialsGrant,
  passwordGrant,
  signInWith,
  type UserCredentials,
} from '../grants.ts'
import { manageOAuth, type OAuth } from '../oauth.ts'
import { openApplication, sharedOptions, type SharetribeOptions } from './application.ts'

/** The application, and its fixed user if it has one. */
export interface SharetribeMarketplaceOptions extends SharetribeOptions {
  /** With `password`: requests are always sent as this user, never anonymously. */
  username?: string | undefined
  /** With `username`. Kept in memory only, to sign in again when the session ends. */
  password?: string | undefined
}

const KNOWN: OptionNames<SharetribeMarketplaceOptions> = {
  ...sharedOptions,
  username: 'text',
  password: 'text',
}

/** A token manager for Sharetribe's Marketplace API. */
export interface SharetribeMarketplace extends OAuth {
  /**
   * Signs a user in, in place of the current user. The password is not kept. If another user is configured, that
   * user's password is not used any more, and the session stays in memory.
   *
   * @returns Sharetribe's answer.
   * @throws {LatchkeyError} `ERR_WRONG_CREDENTIALS`, `ERR_SERVER_UNAVAILABLE`, and `ERR_SESSION_CHANGED` when
   *   a sign-out or a later sign-in took effect first; the session then stays as it is.
   */
  signIn(credentials: UserCredentials): Promise<SignInAnswer>
  /**
   * Signs out. Forgets the session here at once, then revokes it at Sharetribe; refreshes first if the access
   * token has expired. Then requests are refused until `signIn()` or `refresh()`. `refresh()` continues
   * anonymously, or as the configured user.
   *
   * @throws {LatchkeyError} `ERR_SIGN_OUT_INCOMPLETE` when Sharetribe could not be reached.
   */
  signOut(): Promise<undefined>
  /**
   * Returns whether requests are sent as a user rather than anonymously. Obtains a token if there is none.
   * Throws only when the server cannot be asked.
   */
  isSignedIn(): Promise<boolean>
}

const OTHER_USER = 'those given belong to another user than the session'

/**
 * Keeps clients signed in to Sharetribe's Marketplace API: as the user who signed in; before that and after the
 * user's session has ended, anonymously. Only a rejection by Sharetribe ends the user's session, not a network
 * error or a 500.
 *
 * @throws {LatchkeyError} `ERR_INVALID_OPTION`, naming the option and what was expected.
 *
 * @example
 * const marketplace = sharetribeMarketplace({ clientId })
 * await marketplace.signIn({ username: 'ada@example.com', password })
 */
export function sharetribeMarketplace(given: SharetribeMarketplaceOptions): SharetribeMarketplace {
  const options = expectKnown(given, KNOWN)
  const credentials = checkCredentials(options)
  const { context, managerOptions, refresh, revocation } = openApplication(options, {
    baseUrl: 'https://flex-api.sharetribe.com',
    sessionScope: 'user',
    bareScope: 'public-read',
    authentication: None(),
    secrets: [],
    username: credentials?.username,
  })
  const user = configuredUser(() => credentials)
  const last = credentials
    ? { ...passwordGrant(context, user.credentials, 'user'), missing: OTHER_USER }
    : clientCredentialsGrant(context, 'public-read', 'anonymous')
  const manager = manageOAuth({ ...managerOptions, grants: [refresh, last] }, revocation, user)
  return extendManager<SharetribeMarketplace>(manager, {
    async signIn({ username, password }) {
      if (!username || !password)
        throw invalidOption('`username` and `password` must be given together.')
      const { fetch } = managerOptions
      const isConfigured = !credentials || username === credentials.username
      let answered: SignInAnswer | undefined
      const onAnswer = (answer: SignInAnswer) => (answered = answer)
      await manager.setTokens(
        () => signInWith(context, { username, password }, 'user', { fetch, onAnswer }),
        () => user.entered(isConfigured),
      )
      return answered as unknown as SignInAnswer
    },
    isSignedIn: () =>
      isSignedIn(async () => (await manager.getTokens()).refreshToken !== undefined),
  })
}

function checkCredentials(options: SharetribeMarketplaceOptions): UserCredentials | undefined {
  const { username, password } = options
  if (username === undefined && password === undefined) return undefined
  if (username === undefined || password === undefined) {
    throw invalidOption('`username` and `password` must be given together.')
  }
  return { username, password }
}
