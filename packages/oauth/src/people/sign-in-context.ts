import type { TokenManager, TokenSet } from '@latchkey/core'
import { invalidOption } from '@latchkey/core/service'
import type { OAuthContext } from '../token-endpoint.ts'

/** What the sign-ins of people need to know of a manager. */
export interface SignInContext extends OAuthContext {
  /** Sends the manager's own requests; no redirect is followed, and each has a time limit. */
  fetch: typeof fetch
  /** The scopes to ask for, unless a sign-in names its own. */
  scope: string | undefined
  /** What the store holds, read without a renewal. */
  stored(): Promise<TokenSet | undefined>
}

/** Registered, so that two copies of this package agree. A function, so that printing a manager shows nothing. */
const key: unique symbol = Symbol.for('latchkey.oauth.signIn')

/** Where the tokens of a sign-in go: a manager made by `oauth()`. */
export interface SignInTarget extends Pick<TokenManager, 'setTokens'> {
  /** @internal What the sign-ins need. Absent from managers that are not made by `oauth()`. */
  readonly [key]?: () => SignInContext
}

/** Lets people sign in to `manager`. */
export function withSignIn<Manager extends SignInTarget>(
  manager: Manager,
  context: SignInContext,
): Manager {
  return Object.defineProperty(manager, key, { value: () => context })
}

/** @throws {LatchkeyError} `ERR_INVALID_OPTION` for a manager that was not made by `oauth()`. */
export function signInContextOf(manager: SignInTarget): SignInContext {
  const context = (manager as SignInTarget | undefined)?.[key]?.()
  if (context) return context
  throw invalidOption('`manager` must come from oauth().')
}
