import { Events } from './events.ts'
import type { LatchkeyError } from './errors.ts'
import { createChain } from './grant/chain.ts'
import { Inside } from './grant/inside.ts'
import { createKernel, type TokenManager } from './kernel/kernel.ts'
import { checkOptions, type TokenManagerOptions } from './manager-options.ts'
import { CarefulStore } from './store/careful-store.ts'

export type { TokenManager }

/**
 * Creates a manager. It reads and sends nothing before a token is needed.
 *
 * @throws {LatchkeyError} `ERR_INVALID_OPTION`, naming the option and the expected value.
 *
 * @example
 * const manager = createTokenManager({
 *   origin: 'https://api.example.com',
 *   scheme: bearer(),
 *   grants: [{ name: 'refresh token', request: renew }],
 * })
 */
export function createTokenManager(options: TokenManagerOptions): TokenManager {
  const { grants, fetch, store, ...checked } = checkOptions(options)
  const events = new Events()
  const inside = new Inside()
  const kernel = {
    ...checked,
    inside,
    ask: createChain(grants, fetch, inside),
    store: new CarefulStore(store, tellOfStore(events, checked)),
  }
  return createKernel(kernel, events)
}

/** Warns on the console, if nothing listens, that the session will not survive its process. */
function tellOfStore(events: Events, { clock }: { clock: { now(): number } }) {
  const warned = new Set<string>()
  return (operation: 'get' | 'set' | 'remove' | 'subscribe', error: LatchkeyError): void => {
    const isHeard = events.emit('storeFailed', { at: clock.now(), operation, error })
    if (isHeard || warned.has(operation)) return
    warned.add(operation)
    // Shows only the code, because a store's own message may repeat what it holds.
    const { code } = (error.cause ?? {}) as { code?: unknown }
    const why = typeof code === 'string' ? ` (${code})` : ''
    // oxlint-disable-next-line no-console -- the only place left to report it
    console.warn(`Latchkey: ${error.message}${why} Listen to "storeFailed" for more.`)
  }
}
