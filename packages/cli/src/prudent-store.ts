import { LatchkeyError, type TokenStore } from '@latchkey/core'

/**
 * Wraps `store` for a process that ends after one command, so that it never spends a refresh token whose successor
 * cannot be stored. A refresh token works once and is shared by all users of the store, and a session that is only in
 * memory ends with the command.
 *
 * Before each renewal, checks with `canWrite` that the store can be written. A store without `canWrite` gets the
 * unchanged session written again. If the check fails (a read-only mount, another user's directory, a full disk, a
 * locked keychain), the refresh token is not spent. The wrapped store has no `subscribe`: changes by other processes are
 * read before a renewal.
 *
 * @param signsInAnew Whether another way to a token exists, such as a password in the environment. If so, a failed
 *   check makes the store look empty, so that this way is used. If not, the renewal fails, and the stored session stays
 *   usable for other processes.
 */
export function prudentStore(store: TokenStore, signsInAnew: boolean): TokenStore {
  let isLeftAlone = false
  const lock = store.lock?.bind(store) ?? ((_: string, run: () => Promise<unknown>) => run())
  const { renewAheadMs } = store

  async function keepsWhatIsThere(name: string): Promise<void> {
    const tokens = await store.getToken(name)
    if (tokens?.refreshToken === undefined) return
    if (!store.canWrite) await store.setToken(tokens, name)
    else if (!(await store.canWrite(name))) throw new Error('The store cannot be written.')
  }

  return {
    getToken: async (name) => (isLeftAlone ? undefined : store.getToken(name)),
    setToken: (tokens, name) => store.setToken(tokens, name),
    // The stored session still belongs to other processes, so it is not removed.
    removeToken: async (name) => (isLeftAlone ? undefined : store.removeToken(name)),
    async lock(name, run) {
      let hasBegun = false
      const begin = () => {
        hasBegun = true
        return run()
      }
      try {
        return (await lock(name, async () => {
          await keepsWhatIsThere(name).catch(refuse)
          return begin()
        })) as Awaited<ReturnType<typeof run>>
      } catch (error) {
        if (hasBegun || !signsInAnew) throw error
        isLeftAlone = true
        return begin()
      }
    },
    ...(renewAheadMs !== undefined && { renewAheadMs }),
  }
}

function refuse(cause: unknown): never {
  throw new LatchkeyError(
    'ERR_STORE_FAILED',
    'The session was not renewed, because a refresh token works once and the new one could not be saved here. The session is kept. Run this where the session can be written.',
    { cause },
  )
}
