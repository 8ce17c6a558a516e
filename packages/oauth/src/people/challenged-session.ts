import type { MaybePromise, TokenManagerOptions, TokenSet } from '@latchkey/core'
import { type Challenge, otherTokenAsked, readChallenges, reasonFor } from '../challenge.ts'
import { type GrantParameters, requestOtherGrant } from '../requested-grant.ts'
import { type SignInContext, type SignInTarget, withSignIn } from './sign-in-context.ts'

/**
 * The session in use, while a server asks for another token. Pass it to a sign-in in place of the manager: the
 * new tokens then go to the waiting requests and stay in the same session, instead of beginning a new one.
 */
export interface ChallengedSession extends SignInTarget {
  /** The token set in use. */
  readonly tokens: TokenSet
  /**
   * Asks the token endpoint for a token with another grant type, such as a token exchange. Do not use it for a
   * refresh, because one may be in progress.
   */
  request(grantType: string, parameters: GrantParameters): Promise<TokenSet>
}

/**
 * Obtains the token that a challenge asks for: pass `session` to a sign-in, or return a token set. It is called
 * once for all requests that wait for the same challenge. They are then sent again, once.
 *
 * If it throws, or returns nothing without having used `session`, the requests fail and `explain()` returns
 * the challenge.
 */
export type OnChallenge = (
  challenge: Challenge,
  session: ChallengedSession,
) => MaybePromise<TokenSet | object | undefined | void>

/**
 * Implements core's `onChallenge` for challenges that ask for another token.
 *
 * @param isTokenRejected The caller's function that decides which responses reject the token. It is called first.
 */
export function answerChallenges(
  onChallenge: OnChallenge,
  context: SignInContext,
  isTokenRejected: TokenManagerOptions['isTokenRejected'],
): NonNullable<TokenManagerOptions['onChallenge']> {
  /** Tokens being obtained, by challenge. */
  const obtaining = new Map<string, Promise<TokenSet>>()
  return async (response, tokens, isInUse) => {
    const challenge = otherTokenAsked(await readChallenges(response.headers))
    if (!challenge || (await isTokenRejected?.(response))) return undefined
    const asked = JSON.stringify([challenge, tokens.accessToken])
    const begun = obtaining.get(asked)
    if (begun) return begun
    if (!isInUse) return tokens // the wanted token may have arrived in the meantime
    const work = obtain(onChallenge, challenge, context, tokens)
    obtaining.set(asked, work)
    return work.finally(() => obtaining.delete(asked))
  }
}

/** @throws {LatchkeyError} with the challenge, when nothing was obtained. */
async function obtain(
  onChallenge: OnChallenge,
  challenge: Challenge,
  context: SignInContext,
  tokens: TokenSet,
): Promise<TokenSet> {
  let signedIn: TokenSet | undefined
  const inSession = { ...context, session: tokens }
  const session: ChallengedSession = {
    tokens,
    request: (grantType, parameters) =>
      requestOtherGrant(inSession, { name: 'challenge', grantType }, parameters, context),
    async setTokens(given) {
      signedIn = typeof given === 'function' ? await given() : given
    },
  }
  try {
    const returned = await onChallenge(challenge, withSignIn(session, inSession))
    const obtained = signedIn ?? returned
    if (isTokenSet(obtained)) return obtained
  } catch (cause) {
    throw reasonFor(challenge, cause)
  }
  throw reasonFor(challenge)
}

const isTokenSet = (value: unknown): value is TokenSet =>
  typeof (value as Partial<TokenSet> | undefined)?.accessToken === 'string'
