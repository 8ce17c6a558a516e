import type { TokenManager } from '@latchkey/core'
import { expectKnown, invalidOption, type OptionNames } from '@latchkey/core/service'
import { signInContextOf, type SignInTarget } from './sign-in-context.ts'
import { checkParameters } from './sign-in-options.ts'

/** Options of startSignOut(). */
export interface SignOutOptions {
  /** The URL that the server sends the user back to, registered there for sign-outs. Default: none. */
  redirectUri?: string | undefined
  /** More parameters for the server, such as `state`, `logout_hint` or `ui_locales`. */
  parameters?: Readonly<Record<string, string>> | undefined
}

const KNOWN: OptionNames<SignOutOptions> = { redirectUri: 'text', parameters: true }

/** The manager of a person who signs out. */
export interface SignOutTarget extends SignInTarget, Pick<TokenManager, 'signOut'> {}

/** A sign-out that is complete here, but not yet on the server's pages. */
export interface StartedSignOut {
  /** The page that also signs the user out at the server. `undefined` if the server has no such page. */
  url: string | undefined
}

/**
 * Signs a person out, here and at the server. Calls `manager.signOut()`, then returns the page where the server
 * also ends the person's session with its own pages (OpenID Connect RP-Initiated Logout). Without that, the next
 * sign-in may succeed without asking the person.
 *
 * @throws {LatchkeyError} as `manager.signOut()`; the person is signed out here in any case.
 *   `ERR_INVALID_OPTION` before anything is done.
 *
 * @example
 * const { url = '/' } = await startSignOut(manager, { redirectUri: location.origin })
 * location.assign(url)
 */
export async function startSignOut(
  manager: SignOutTarget,
  given: SignOutOptions = {},
): Promise<StartedSignOut> {
  const context = signInContextOf(manager)
  const { redirectUri, parameters } = expectKnown(given, KNOWN)
  if (redirectUri !== undefined && !URL.canParse(redirectUri)) {
    throw invalidOption('`redirectUri` must be an absolute URI.')
  }
  const more = checkParameters(parameters, OWN)
  const ended = await context.stored().catch(() => undefined) // the manager reports a store that fails
  await manager.signOut()
  const server = await context.locate({ fetch: context.fetch })
  if (server.end_session_endpoint === undefined) return { url: undefined }
  const url = new URL(server.end_session_endpoint)
  for (const [name, value] of more) url.searchParams.set(name, value)
  url.searchParams.set('client_id', context.client.client_id)
  if (ended?.idToken) url.searchParams.set('id_token_hint', ended.idToken)
  if (redirectUri !== undefined) url.searchParams.set('post_logout_redirect_uri', redirectUri)
  return { url: url.href }
}

const OWN: ReadonlySet<string> = new Set(['client_id', 'id_token_hint', 'post_logout_redirect_uri'])
