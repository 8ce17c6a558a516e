import type { TokenManager } from '@latchkey/core'
import { expectKnown, invalidOption, type OptionNames } from '@latchkey/core/service'
import { signInContextOf, type SignInTarget } from './sign-in-context.ts'
import { checkParameters } from './sign-in-options.ts'

/** Where the server sends the user back to, and what else to tell it. */
export interface SignOutOptions {
  /** Where the server sends the user back to, as registered there for sign-outs. Default: it does not. */
  redirectUri?: string | undefined
  /** More to send to the server, such as `state`, `logout_hint` or `ui_locales`. */
  parameters?: Readonly<Record<string, string>> | undefined
}

const KNOWN: OptionNames<SignOutOptions> = { redirectUri: 'text', parameters: true }

/** A manager of people who sign out. */
export interface SignOutTarget extends SignInTarget, Pick<TokenManager, 'signOut'> {}

/** A sign-out that is done here. */
export interface StartedSignOut {
  /** Where to send the user, to be signed out at the server as well. `undefined`: the server has no such address. */
  url: string | undefined
}

/**
 * Signs a person out, here and at the server: `manager.signOut()`, and then the address where the server
 * also ends what its own pages remember of them (OpenID Connect RP-Initiated Logout). Without that the
 * next sign-in may go through without asking.
 *
 * @throws {LatchkeyError} as `manager.signOut()`; signed out here in any case. `ERR_INVALID_OPTION` before.
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
  const ended = await context.stored().catch(() => undefined) // a store that fails is told of by the manager
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
