import type { TokenManager, TokenSet } from '@latchkey/core'
import { invalidOption, type SignInAnswer } from '@latchkey/core/service'
import type { OAuthContext } from '../token-endpoint.ts'

/** The parts of a manager that sign-ins of people need. */
export interface SignInContext extends OAuthContext {
  /** Sends the manager's own requests; no redirect is followed, and each has a time limit. */
  fetch: typeof fetch
  /** Whether the issuer's name is known. It is not if only endpoints are set. */
  knowsIssuer: boolean
  /** The scopes to request, unless a sign-in has its own. */
  scope: string | undefined
  /** Reads the store without a renewal. */
  stored(): Promise<TokenSet | undefined>
}

/** A registered symbol, so that two copies of this package agree. Its value is a function, so that printing a manager shows nothing. */
const key: unique symbol = Symbol.for('latchkey.oauth.signIn')

/** The manager that receives the tokens of a sign-in. `oauth()` makes it. */
export interface SignInTarget extends Pick<TokenManager, 'setTokens'> {
  /** @internal The context of sign-ins. Absent from managers that are not made by `oauth()`. */
  readonly [key]?: () => SignInContext
}

/** Lets people sign in to `manager`. */
export function withSignIn<Manager extends SignInTarget>(
  manager: Manager,
  context: SignInContext,
): Manager {
  return Object.defineProperty(manager, key, { value: () => context })
}

/**
 * Begins the session with the tokens of a sign-in. Returns the token endpoint's answer.
 *
 * @param signIn Calls its parameter with that answer.
 */
export async function beginSession(
  manager: SignInTarget,
  signIn: (onAnswer: (answer: SignInAnswer) => void) => Promise<TokenSet>,
): Promise<SignInAnswer> {
  let answered: SignInAnswer | undefined
  await manager.setTokens(() => signIn((answer) => void (answered = answer)))
  return answered as unknown as SignInAnswer
}

/** @throws {LatchkeyError} `ERR_INVALID_OPTION` for a manager that was not made by `oauth()`. */
export function signInContextOf(manager: SignInTarget): SignInContext {
  const context = (manager as SignInTarget | undefined)?.[key]?.()
  if (context) return context
  throw invalidOption('`manager` must be made by oauth().')
}
