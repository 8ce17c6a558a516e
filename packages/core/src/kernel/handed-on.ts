import type { KernelOptions } from '../manager-options.ts'
import { readStore } from '../store/token-store.ts'
import { readTokenSet, sameTokens, type TokenSet } from '../token-set.ts'
import { keepRefreshToken, type Session } from './decisions.ts'
import type { SessionKeeper } from './session.ts'

/** A session that is prolonged by less than a twentieth of what is left is not written anew. */
const PROLONGED = 1.05

/** What an ordinary answer has handed on takes the place of `current`. */
export function takeOver(
  options: KernelOptions,
  session: SessionKeeper,
  current: Session,
  found: TokenSet,
): void {
  if (current.permanent) return
  const now = options.clock.now()
  const next = session.open(keepRefreshToken(readTokenSet(found), current.tokens), 'receipt')
  const isLonger = next.expiresAt - now > (current.expiresAt - now) * PROLONGED
  if (sameTokens(next.tokens, current.tokens) && !isLonger) return
  const { tokens } = session.enter(next)
  // Where the lock fails it stays in memory.
  void replaceStored(options, current.tokens, tokens).catch(() => undefined)
}

/** Stores `tokens` where `before` still is: a sign-out or sign-in elsewhere that is not heard of yet wins. */
async function replaceStored(
  { store, name }: Pick<KernelOptions, 'store' | 'name'>,
  before: TokenSet,
  tokens: TokenSet,
): Promise<void> {
  const replace = async () => {
    const stored = await readStore(store, name)
    if (stored.error === undefined && sameTokens(stored.tokens, before))
      await store.setToken(tokens, name)
  }
  await (store.lock ? store.lock(name, replace) : replace())
}
