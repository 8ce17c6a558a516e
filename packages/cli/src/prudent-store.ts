import type { TokenStore } from '@latchkey/core'
import { ExitCode } from './exit-code.ts'
import { Failure } from './failure.ts'

/**
 * `store`, for a process that ends after its command: there is no memory in which a session goes on when it
 * could not be stored. A refresh token works once, and it is everybody's who shares the store. So before a
 * renewal the store is asked whether it can be written, or, where it cannot tell, the session is written once more as
 * it is; where that fails (a read-only mount, another user's
 * folder, a full disk, a locked keychain), its refresh token is not spent. Nor is the store watched: what others
 * change while a command runs is seen before a renewal.
 *
 * @param signsInAnew Whether there is another way to a token, such as a password in the environment. It is
 *   gone then, as if nothing were stored; else the renewal fails, and the session is left to others.
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
    // What nobody could write, nobody has ended either.
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
  throw new Failure(
    ExitCode.store,
    'The session was not renewed: its refresh token works once, and the new one could not be kept here. Run this where the session can be written.',
    { cause },
  )
}
