import type { TokenSet } from '@latchkey/core'
import { coded, encode, fields, type Spoil } from './shelf.ts'

/** The tokens at `name`, whatever lies there. */
const unchecked = (text: string | undefined) => text && (JSON.parse(text) as TokenSet)

/** Stores that break one promise each, and the case that fails for it. */
export const brokenStores: [what: string, told: string, spoil: Spoil][] = [
  [
    'returns a session that was never stored',
    'an empty place holds no session',
    ({ getToken }) => ({
      getToken: async (name) => (await getToken(name)) ?? { accessToken: 'anonymous' },
    }),
  ],
  [
    'forgets when the refresh token expires',
    'a stored session comes back as it was',
    ({ setToken }) => ({
      setToken(tokens, name) {
        const { refreshExpiresAt: _, ...rest } = tokens
        return setToken(rest, name)
      },
    }),
  ],
  [
    'needs a refresh token',
    'an access token alone is a session',
    ({ setToken }) => ({
      setToken: (tokens, name) => setToken({ refreshToken: 'none', ...tokens }, name),
    }),
  ],
  [
    'forgets a session with its access token',
    'a session whose access token has expired is still returned, because its refresh token counts',
    ({ getToken }) => ({
      async getToken(name) {
        const tokens = await getToken(name)
        return (tokens?.expiresAt ?? Infinity) > Date.now() ? tokens : undefined
      },
    }),
  ],
  [
    'decodes what it did not encode',
    'a token of any characters comes back as it was',
    ({ setToken }) => ({
      setToken: (tokens, name) =>
        setToken({ ...tokens, accessToken: decodeURIComponent(tokens.accessToken) }, name),
    }),
  ],
  [
    'cuts off what is too long',
    'a token of 8,000 characters comes back whole, or is refused at once and changes nothing',
    ({ setToken }) => ({
      setToken: (tokens, name) =>
        setToken({ ...tokens, accessToken: tokens.accessToken.slice(0, 4_096) }, name),
    }),
  ],
  [
    'mixes a new session with the old one',
    'a second session replaces the first',
    ({ setToken, getToken }) => ({
      setToken: async (tokens, name) => setToken({ ...(await getToken(name)), ...tokens }, name),
    }),
  ],
  ['does not remove', 'a removed session is gone', () => ({ removeToken: () => undefined })],
  [
    'cannot remove what is not there',
    'removing a missing session is not an error, and a session can follow',
    ({ removeToken }, { texts }) => ({
      removeToken(name) {
        if (!texts.has(name)) throw coded('The session is missing.')
        return removeToken(name)
      },
    }),
  ],
  [
    'keeps sessions for its own process only',
    'a session survives its process',
    (_, { texts }) => {
      texts.clear()
      return {}
    },
  ],
  [
    'does not look again',
    'two stores on one place see what the other changed last',
    ({ getToken }) => {
      const seen = new Map<string, unknown>()
      return {
        getToken(name) {
          if (!seen.has(name)) seen.set(name, getToken(name))
          return seen.get(name) as TokenSet
        },
      }
    },
  ],
  [
    'keeps the caller’s own objects',
    'what a caller does to a token set later does not change the session',
    () => {
      const kept = new Map<string, TokenSet>()
      return {
        getToken: (name) => kept.get(name),
        setToken: (tokens, name) => void kept.set(name, tokens),
      }
    },
  ],
  [
    'writes in two steps',
    'of sessions stored at the same time one is left, whole',
    (_, { texts }) => ({
      async setToken(tokens, name) {
        const { refreshToken: _later, ...first } = tokens
        texts.set(name, encode(first))
        await new Promise((resolve) => void setTimeout(resolve, tokens.accessToken.length % 7))
        const rest = unchecked(texts.get(name)) as TokenSet
        texts.set(name, encode({ ...rest, refreshToken: tokens.refreshToken as string }))
      },
    }),
  ],
  [
    'has one session for all names',
    'two names hold two sessions',
    ({ getToken, setToken, removeToken }) => ({
      getToken: () => getToken('it'),
      setToken: (tokens) => setToken(tokens, 'it'),
      removeToken: () => removeToken('it'),
    }),
  ],
  [
    'turns names into file names',
    'sessions of different names never touch each other, whatever the names look like',
    ({ getToken, setToken, removeToken }) => {
      const file = (name: string) => name.replaceAll(/[^A-Za-z0-9]/g, '_')
      return {
        getToken: (name) => getToken(file(name)),
        setToken: (tokens, name) => setToken(tokens, file(name)),
        removeToken: (name) => removeToken(file(name)),
      }
    },
  ],
  [
    'writes names as UTF-8',
    'names that are not well-formed text have separate sessions too',
    ({ getToken, setToken, removeToken }) => ({
      getToken: (name) => getToken(name.toWellFormed()),
      setToken: (tokens, name) => setToken(tokens, name.toWellFormed()),
      removeToken: (name) => removeToken(name.toWellFormed()),
    }),
  ],
  [
    'keeps sessions in a plain object',
    'a name that an object inherits is not a session',
    () => {
      const kept: Record<string, TokenSet> = {}
      return { getToken: (name) => kept[name] }
    },
  ],
  [
    'lists names as keys',
    'the names in use are listed as they were given, and only they',
    ({ names }) => ({ names: async () => (await names()).map(encodeURIComponent) }),
  ],
  [
    'believes whatever parses',
    'garbage is not a session: it is neither returned nor shown by an error',
    (_, { texts }) => ({
      getToken(name) {
        try {
          return unchecked(texts.get(name)) as TokenSet
        } catch {
          return undefined
        }
      },
    }),
  ],
  [
    'quotes the garbage in its error',
    'garbage is not a session: it is neither returned nor shown by an error',
    ({ getToken }, { texts }) => ({
      async getToken(name) {
        try {
          return await getToken(name)
        } catch {
          throw coded(`No session: ${texts.get(name)}`)
        }
      },
    }),
  ],
  [
    'throws what has no code',
    'garbage is not a session: it is neither returned nor shown by an error',
    ({ getToken }) => ({
      async getToken(name) {
        try {
          return await getToken(name)
        } catch {
          throw new Error('No session.')
        }
      },
    }),
  ],
  [
    'cleans up what it cannot read',
    'garbage is left as it is by reading, and replaced by the next session',
    ({ getToken }, { texts }) => ({
      async getToken(name) {
        try {
          return await getToken(name)
        } catch {
          texts.delete(name)
        }
      },
    }),
  ],
  [
    'refuses to remove garbage',
    'garbage is removed by a sign-out',
    ({ getToken, removeToken }) => ({
      async removeToken(name) {
        if (await getToken(name)) await removeToken(name)
      },
    }),
  ],
  [
    'makes do with what is left of a session',
    'a session cut off anywhere is invalid: a part of a token is never returned',
    (_, { texts }) => ({
      getToken(name) {
        const [, accessToken] = /"accessToken":"([^"]+)/.exec(texts.get(name) ?? '') ?? []
        return accessToken === undefined ? undefined : { accessToken }
      },
    }),
  ],
  [
    'overwrites what a newer version stored',
    'a session that a newer version stored is neither returned nor destroyed, until the user signs out',
    (_, { texts }) => ({ setToken: (tokens, name) => void texts.set(name, encode(tokens)) }),
  ],
  [
    'reads what an object inherits',
    'values on a polluted prototype are not a session, and do not become part of one',
    (_, { texts }) => ({
      getToken(name) {
        const { accessToken } = Object.assign(
          {},
          fields(texts.get(name) ?? ''),
        ) as unknown as TokenSet
        return typeof accessToken === 'string' ? { accessToken } : undefined
      },
    }),
  ],
  [
    'copies what an object inherits',
    'values on a polluted prototype are not a session, and do not become part of one',
    ({ setToken }) => ({
      setToken: ({ accessToken, refreshToken }, name) =>
        setToken({ accessToken, ...(refreshToken && { refreshToken }) }, name),
    }),
  ],
  [
    'lets objects say what is written',
    'a polluted toJSON does not change what is stored',
    (_, { texts }) => ({
      setToken: (tokens, name) => void texts.set(name, JSON.stringify({ version: 1, ...tokens })),
    }),
  ],
  [
    'lets every holder in at once',
    'a lock lets one in at a time: the second starts when the first has ended',
    () => ({ lock: (_, run) => run() }),
  ],
  [
    'lets every holder in at once',
    'ten managers that renew at once present each single-use refresh token once',
    () => ({ lock: (_, run) => run() }),
  ],
  [
    'gives up waiting for the lock and goes on',
    'no second holder is ever inside a lock',
    ({ lock }) => ({
      lock: (name, run) => Promise.race([lock(name, run), Promise.resolve().then(run)]),
    }),
  ],
  [
    'keeps the result of what ran under the lock',
    'a lock returns the result of the work under it',
    ({ lock }) => ({ lock: (name, run) => lock(name, run).then(() => undefined as never) }),
  ],
  [
    'keeps the lock after an error',
    'a lock is freed when the work under it throws, and the caller gets the error',
    (_, { turns }) => ({
      lock(name, run) {
        const turn = (turns.get(name) ?? Promise.resolve()).then(run)
        turns.set(
          name,
          turn.catch(() => new Promise(() => undefined)),
        )
        return turn
      },
    }),
  ],
  [
    'has one lock for all names',
    'the lock of one name does not hold up another',
    ({ lock }) => ({ lock: (_, run) => lock('it', run) }),
  ],
  [
    'locks for each write',
    'a lock does not delay reading, storing or removing: a sign-out does not wait for a renewal',
    ({ lock, removeToken }) => ({
      removeToken: (name) => lock(name, async () => removeToken(name)),
    }),
  ],
  [
    'remembers what it read before the lock',
    'the next holder of a lock reads the session that the last one wrote',
    ({ getToken }) => {
      const seen = new Map<string, unknown>()
      return {
        async getToken(name) {
          if (!seen.has(name)) seen.set(name, await getToken(name))
          return seen.get(name) as TokenSet
        },
      }
    },
  ],
  [
    'never calls its listeners',
    'listeners hear of a session that another store has stored, replaced or removed, and can read it then',
    () => ({ subscribe: () => () => undefined }),
  ],
  [
    'goes on telling',
    'a removed listener hears nothing more, and other listeners still do',
    ({ subscribe }) => ({
      subscribe(name, listener) {
        subscribe(name, listener)
        return () => undefined
      },
    }),
  ],
  [
    'hides its own changes',
    'listeners of a store hear of changes through the same store, because several managers may share it',
    ({ setToken, removeToken, subscribe }) => {
      let isOwn = false
      const quietly =
        <Given extends unknown[]>(change: (...given: Given) => unknown) =>
        (...given: Given) => {
          isOwn = true
          change(...given)
          isOwn = false
        }
      return {
        setToken: quietly(setToken),
        removeToken: quietly(removeToken),
        subscribe: (name, listener) => subscribe(name, () => isOwn || listener()),
      }
    },
  ],
  [
    'tells everybody of everything',
    'listeners of one name do not hear of a change of another',
    (store, { listeners }) => ({
      subscribe(name, listener) {
        for (const each of ['ada', 'ben', name]) listeners.add({ store, name: each, listener })
        return () => undefined
      },
    }),
  ],
  [
    'does not tell of a sign-out',
    'a renewal, a sign-out and a sign-in are seen by another manager that has a valid token',
    (_, { texts }) => ({ removeToken: (name) => void texts.delete(name) }),
  ],
  [
    'brings a removed session back',
    'a sign-out empties the store, and another manager that renews is signed out too',
    () => ({ removeToken: () => undefined }),
  ],
  [
    'keeps sessions for its own process only',
    'a session survives a restart: the next manager signs in with what is stored',
    (_, { texts }) => {
      texts.clear()
      return {}
    },
  ],
  [
    'does not let garbage be replaced',
    'a manager that finds garbage says so at most once and signs in afresh',
    ({ getToken, setToken }) => ({
      async setToken(tokens, name) {
        await getToken(name)
        await setToken(tokens, name)
      },
    }),
  ],
]
