import type { ManagerOptions } from '../manager-options.ts'
import { readStore } from '../store/token-store.ts'
import { sameTokens } from '../token-set.ts'
import type { SessionKeeper } from './session.ts'

/**
 * Follows what other tabs, processes and machines do to the store.
 *
 * @param isRenewing A renewal reads the store itself. A change told of meanwhile is looked at once it is over, however
 *   it ends: then catchUp() is called.
 */
export function followStore(
  options: ManagerOptions,
  session: SessionKeeper,
  isRenewing: () => boolean,
) {
  const { store, name } = options
  let unsubscribe: (() => void) | undefined
  let isMissed = false

  async function look(): Promise<void> {
    isMissed = isRenewing()
    if (isMissed || session.stopped) return
    const { current, epoch } = session
    const { tokens, error } = await readStore(store, name)
    isMissed ||= isRenewing()
    if (isMissed || session.stopped || error !== undefined) return
    if (session.current !== current || session.epoch !== epoch) return look() // what was read is older
    if (sameTokens(tokens, current?.tokens)) return
    if (tokens) session.adopt(tokens)
    else session.end('elsewhere')
  }

  return {
    start: () =>
      void (unsubscribe ??= store.subscribe?.(name, () => void look()) ?? (() => undefined)),
    stop: () => unsubscribe?.(),
    catchUp: () => void (isMissed && look()),
  }
}
