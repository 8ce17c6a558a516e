import type { Clock } from '../clock.ts'
import type { ConfiguredUser } from './configured-user.ts'
import { extendManager } from './extend-manager.ts'
import { LatchkeyError } from '../errors.ts'
import type { Grant } from '../grant/grant.ts'
import { checkOptions, type TokenManagerOptions } from '../manager-options.ts'
import { createTokenManager, type TokenManager } from '../token-manager.ts'
import { readTokenSet, type TokenSet } from '../token-set.ts'
import { withTimeLimit } from '../waiting.ts'

/** How the server ends a session. */
export interface Revocation {
  /**
   * Revokes a token set. Returns false if the server does not accept its access token any more. @throws if the server
   * could not revoke it.
   */
  tell(ended: TokenSet): Promise<boolean>
  /** Obtains a new access token, for a server that revokes only with a valid one. */
  renew?(refreshToken: string): Promise<TokenSet | undefined>
}

/** A manager whose sign-out also ends the session at the server. */
export interface ServiceManager extends TokenManager {
  /** @throws {LatchkeyError} `ERR_SIGN_OUT_INCOMPLETE` when the server could not end the session. */
  signOut(): Promise<undefined>
}

/**
 * Creates a token manager for a service that also signs out at its server.
 *
 * A sign-out revokes all tokens that the server has issued by then. The first is the token set in use, even if
 * another process has renewed it. The second is the result of a renewal or sign-in in progress, because only this
 * manager knows of it. So a sign-out does not abort the request of a renewal. It waits for that request, at most for
 * the time limit of a renewal. A cancelled sign-in rejects only after its tokens are revoked.
 *
 * @param user The user that the store belongs to, if other users may sign in as well.
 */
export function createServiceManager(
  options: TokenManagerOptions,
  revocation: Revocation,
  user?: Pick<ConfiguredUser<unknown>, 'keepIn'>,
): ServiceManager {
  const { renewTimeoutMs, clock, store } = checkOptions(options)
  let signOuts = 0
  let isLeaving = false
  /** The late result of a renewal that a sign-out has cancelled. Its last request continues. */
  let late: Promise<TokenSet | undefined> | undefined

  const outliving = (grant: Grant): Grant => ({
    ...grant,
    request(context) {
      const controller = new AbortController()
      const answer = grant.request({ ...context, signal: controller.signal })
      const end = () => controller.abort(context.signal.reason)
      context.signal.addEventListener('abort', () => {
        if (isLeaving) late = inTime(answer, renewTimeoutMs).finally(end)
        else end()
      })
      return answer
    },
  })

  const manager = createTokenManager({
    ...options,
    store: user ? user.keepIn(store) : store,
    grants: options.grants.map(outliving),
  })
  return extendManager<ServiceManager>(manager, {
    async setTokens(tokens, entering) {
      const before = signOuts
      let given: TokenSet | undefined
      const obtain = typeof tokens === 'function' ? async () => (given = await tokens()) : tokens
      try {
        await manager.setTokens(obtain, entering)
      } catch (error) {
        if (given && signOuts > before) await revoke(revocation, given, clock)
        throw error
      }
    },
    async signOut() {
      signOuts += 1
      isLeaving = true
      const forgetting = manager.signOut()
      isLeaving = false
      const renewing = late
      late = undefined
      const inUse = await forgetting
      const renewed = await renewing
      const ended = renewed ? succeed(inUse, renewed) : inUse
      if (ended) await revoke(revocation, ended, clock)
      return undefined
    },
  })
}

const inTime = (answer: Promise<TokenSet | undefined>, ms: number) =>
  withTimeLimit(answer, ms, () => undefined).catch(() => undefined)

/** Returns the renewed tokens. They keep the old refresh token if the renewal returned none. */
const succeed = (old: TokenSet | undefined, renewed: TokenSet): TokenSet =>
  readTokenSet({ ...(old?.refreshToken && { refreshToken: old.refreshToken }), ...renewed })

async function revoke({ tell, renew }: Revocation, ended: TokenSet, clock: Clock): Promise<void> {
  const { refreshToken, expiresAt = Infinity } = ended
  try {
    const isDead = renew && expiresAt <= clock.now()
    if (!isDead && (await tell(ended))) return
    // The access token is not valid any more. The refresh token lives longest.
    const renewed = refreshToken && (await renew?.(refreshToken))
    if (renewed) await tell(readTokenSet({ ...ended, ...renewed }))
  } catch (cause) {
    if ((cause as { code?: unknown }).code === 'ERR_REFRESH_TOKEN_REJECTED') return // the session is over already
    const message =
      'Signed out here, but the server did not confirm it, so the session may still be valid there.'
    throw new LatchkeyError('ERR_SIGN_OUT_INCOMPLETE', message, { cause })
  }
}
