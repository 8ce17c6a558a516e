import type { TokenStore } from '@latchkey/core'
import { StoreError } from '../store-error.ts'

/** How long a tab waits for another tab's renewal, in milliseconds. */
const WAIT_LIMIT_MS = 30_000

type Lock = NonNullable<TokenStore['lock']>

/**
 * A lock across the tabs of an origin, which the browser frees when its tab is closed or crashes.
 *
 * Never stolen: two tabs inside would present one refresh token twice. A holder that the browser has
 * frozen keeps it until it wakes or is discarded; whoever waits gets `ERR_STORE_LOCKED` in the end.
 */
export function tabLock(locks: LockManager, lockName: (name: string) => string): Lock {
  return async (name, run, signal) => {
    const waiting = new AbortController()
    const limit = setTimeout(() => waiting.abort(locked()), WAIT_LIMIT_MS)
    const leave = () => waiting.abort(signal?.reason)
    signal?.addEventListener('abort', leave)
    let entered = false
    const enter = () => {
      entered = true
      clearTimeout(limit)
      return run()
    }
    try {
      return await locks.request(lockName(name), { signal: waiting.signal }, enter)
    } catch (error) {
      // Refused, as in a sandboxed frame. The storage is refused there too, so no other tab shares it.
      if (!entered && !waiting.signal.aborted) return await enter()
      throw error
    } finally {
      clearTimeout(limit)
      signal?.removeEventListener('abort', leave)
    }
  }
}

/** The browser's lock manager; `undefined` on insecure origins, which have none. */
export const lockManager = (): LockManager | undefined => globalThis.navigator?.locks

const locked = () =>
  new StoreError(
    'ERR_STORE_LOCKED',
    `Another tab has been renewing this session for ${WAIT_LIMIT_MS} ms, or is frozen in the middle of it. The session is kept; a later request tries again.`,
  )
