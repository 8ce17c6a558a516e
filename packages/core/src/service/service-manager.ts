import type { Clock } from '../clock.ts'
import type { ConfiguredUser } from './configured-user.ts'
import { extendManager } from './extend-manager.ts'
import { LatchkeyError } from '../errors.ts'
import type { Grant } from '../grant/grant.ts'
import { checkOptions, type TokenManagerOptions } from '../manager-options.ts'
import { createTokenManager, type TokenManager } from '../token-manager.ts'
import { readTokenSet, type TokenSet } from '../token-set.ts'
import { withTimeLimit } from '../waiting.ts'

/** How a server is told that a session is over. */
export interface Revocation {
  /** False: the server does not listen to this access token any more. @throws when it cannot be told. */
  tell(ended: TokenSet): Promise<boolean>
  /** Where the server listens to a live access token only: how to get one, if at all. */
  renew?(refreshToken: string): Promise<TokenSet | undefined>
}

/** A manager whose sign-out is the server's too. */
export interface ServiceManager extends TokenManager {
  /** @throws {LatchkeyError} `ERR_SIGN_OUT_INCOMPLETE` when the server could not be told. */
  signOut(): Promise<undefined>
}

/**
 * A token manager for a service that signs out at its server as well.
 *
 * A sign-out revokes what the server has issued by then: the token set in use, also when another process has
 * renewed it; and what a renewal or a sign-in on its way still brings, which nobody else would know of. So it
 * does not cut the renewal's request off, and waits for that, no longer than a renewal may take; a sign-in
 * that it has overtaken ends when it is revoked.
 *
 * @param user Whose the store is, where somebody else may sign in as well.
 */
export function createServiceManager(
  options: TokenManagerOptions,
  revocation: Revocation,
  user?: Pick<ConfiguredUser<unknown>, 'keepIn'>,
): ServiceManager {
  const { renewTimeoutMs, clock, store } = checkOptions(options)
  let signOuts = 0
  let isLeaving = false
  /** What the renewal that a sign-out has abandoned still brings: the last of its requests goes on. */
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

/** What a renewal brings stands in place of what it was for, whose refresh token may be good for more. */
const succeed = (old: TokenSet | undefined, renewed: TokenSet): TokenSet =>
  readTokenSet({ ...(old?.refreshToken && { refreshToken: old.refreshToken }), ...renewed })

async function revoke({ tell, renew }: Revocation, ended: TokenSet, clock: Clock): Promise<void> {
  const { refreshToken, expiresAt = Infinity } = ended
  try {
    const isDead = renew && expiresAt <= clock.now()
    if (!isDead && (await tell(ended))) return
    // The access token is dead; the refresh token is what lives longest.
    const renewed = refreshToken && (await renew?.(refreshToken))
    if (renewed) await tell(readTokenSet({ ...ended, ...renewed }))
  } catch (cause) {
    if ((cause as { code?: unknown }).code === 'ERR_REFRESH_TOKEN_REJECTED') return // over already
    const message =
      'Signed out here, but the server could not be told, so the session may live on there.'
    throw new LatchkeyError('ERR_SIGN_OUT_INCOMPLETE', message, { cause })
  }
}
