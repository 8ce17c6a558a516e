import type { MaybePromise, TokenManagerOptions, TokenSet } from '@latchkey/core'
import { type Challenge, otherTokenAsked, readChallenges, reasonFor } from '../challenge.ts'
import { type GrantParameters, requestOtherGrant } from '../requested-grant.ts'
import { type SignInContext, type SignInTarget, withSignIn } from './sign-in-context.ts'

/**
 * The session in use, while a server asks for another token. It stands in for the manager in every
 * sign-in: what a sign-in obtains goes to the requests that wait, within the same session, in place of
 * beginning a new one.
 */
export interface ChallengedSession extends SignInTarget {
  /** The token set in use. */
  readonly tokens: TokenSet
  /**
   * Asks the token endpoint for a token with another grant type, such as a token exchange. Not for a
   * refresh, which may be under way.
   */
  request(grantType: string, parameters: GrantParameters): Promise<TokenSet>
}

/**
 * Obtains the token that a challenge asks for: by a sign-in that is given `session`, or as a token set that
 * is returned. Asked once for all requests that wait for the same. They are then sent again, once.
 *
 * Returns nothing, and has given `session` to no sign-in: the requests fail, and `explain()` says what is
 * asked for. So they do when it throws.
 */
export type OnChallenge = (
  challenge: Challenge,
  session: ChallengedSession,
) => MaybePromise<TokenSet | object | undefined | void>

/**
 * Answers of core's `onChallenge` for challenges that ask for another token.
 *
 * @param isTokenRejected The user's own word about which responses say that the token is dead. It comes first.
 */
export function answerChallenges(
  onChallenge: OnChallenge,
  context: SignInContext,
  isTokenRejected: TokenManagerOptions['isTokenRejected'],
): NonNullable<TokenManagerOptions['onChallenge']> {
  /** Being obtained, by what is asked for. */
  const obtaining = new Map<string, Promise<TokenSet>>()
  return async (response, tokens, isInUse) => {
    const challenge = otherTokenAsked(await readChallenges(response.headers))
    if (!challenge || (await isTokenRejected?.(response))) return undefined
    const asked = JSON.stringify([challenge, tokens.accessToken])
    const begun = obtaining.get(asked)
    if (begun) return begun
    if (!isInUse) return tokens // what it asked for may have come meanwhile
    const work = obtain(onChallenge, challenge, context, tokens)
    obtaining.set(asked, work)
    return work.finally(() => obtaining.delete(asked))
  }
}

/** @throws {LatchkeyError} what is asked for, when nothing was obtained. */
async function obtain(
  onChallenge: OnChallenge,
  challenge: Challenge,
  context: SignInContext,
  tokens: TokenSet,
): Promise<TokenSet> {
  let signedIn: TokenSet | undefined
  const session: ChallengedSession = {
    tokens,
    request: (grantType, parameters) =>
      requestOtherGrant(context, { name: 'challenge', grantType }, parameters, context),
    async setTokens(given) {
      signedIn = typeof given === 'function' ? await given() : given
    },
  }
  try {
    const returned = await onChallenge(challenge, withSignIn(session, context))
    const obtained = signedIn ?? returned
    if (isTokenSet(obtained)) return obtained
  } catch (cause) {
    throw reasonFor(challenge, cause)
  }
  throw reasonFor(challenge)
}

const isTokenSet = (value: unknown): value is TokenSet =>
  typeof (value as Partial<TokenSet> | undefined)?.accessToken === 'string'
