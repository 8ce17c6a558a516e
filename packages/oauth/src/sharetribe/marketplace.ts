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

/** The application, and the user that it always is, if any. */
export interface SharetribeMarketplaceOptions extends SharetribeOptions {
  /** With `password`: always as this user, never anonymous. */
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
   * Signs a user in, in place of whoever it was. The password is not kept. Where another user is
   * configured, that one's is not used any more, and the session stays in memory.
   *
   * @returns Sharetribe's answer.
   * @throws {LatchkeyError} `ERR_WRONG_CREDENTIALS`, `ERR_SERVER_UNAVAILABLE`, and `ERR_SESSION_CHANGED` when
   *   a sign-out or a later sign-in overtook it; what was before stays.
   */
  signIn(credentials: UserCredentials): Promise<SignInAnswer>
  /**
   * Signs out: forgotten here at once, then revoked at Sharetribe, with a refresh first where the
   * access token has expired. After it requests are refused until `signIn()`, or `refresh()`, which goes
   * on anonymously (with a configured password: as that user).
   *
   * @throws {LatchkeyError} `ERR_SIGN_OUT_INCOMPLETE` when Sharetribe could not be told.
   */
  signOut(): Promise<undefined>
  /**
   * Whether requests go out as a user rather than anonymously. Obtains a token to find out, when there
   * is none. Throws only when the server cannot be asked.
   */
  isSignedIn(): Promise<boolean>
}

const OTHER_USER = 'those given belong to another user than the session'

/**
 * Keeps clients signed in to Sharetribe's Marketplace API: as the user who signed in, and anonymously
 * before that and when the user's session has ended. Nothing but Sharetribe's own no ends it: a network
 * error or a 500 leaves a user a user.
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
      if (!username || !password) throw invalidOption('`username` and `password` need each other.')
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
    throw invalidOption('`username` and `password` need each other.')
  }
  return { username, password }
}
