import type { TokenSet } from '@latchkey/core'
import { coded, encode, fields, type Spoil } from './shelf.ts'

/** The tokens at `name`, whatever lies there. */
const unchecked = (text: string | undefined) => text && (JSON.parse(text) as TokenSet)

/** Stores that break one promise each, and the case that tells so. */
export const brokenStores: [what: string, told: string, spoil: Spoil][] = [
  [
    'gives what nobody stored',
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
    'a session whose access token has expired is still given: its refresh token counts',
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
    'removing what is not there is no error, and a session can follow',
    ({ removeToken }, { texts }) => ({
      removeToken(name) {
        if (!texts.has(name)) throw coded('There is no such session.')
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
    'names that are no well-formed text stay apart too',
    ({ getToken, setToken, removeToken }) => ({
      getToken: (name) => getToken(name.toWellFormed()),
      setToken: (tokens, name) => setToken(tokens, name.toWellFormed()),
      removeToken: (name) => removeToken(name.toWellFormed()),
    }),
  ],
  [
    'keeps sessions in a plain object',
    'a name that an object inherits is no session',
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
    'garbage is no session: it is not given, nor shown by an error',
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
    'garbage is no session: it is not given, nor shown by an error',
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
    'garbage is no session: it is not given, nor shown by an error',
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
    'a session cut off anywhere is no session: never a part of a token',
    (_, { texts }) => ({
      getToken(name) {
        const [, accessToken] = /"accessToken":"([^"]+)/.exec(texts.get(name) ?? '') ?? []
        return accessToken === undefined ? undefined : { accessToken }
      },
    }),
  ],
  [
    'overwrites what a newer version stored',
    'a session that a newer version stored is neither given nor destroyed, until somebody signs out',
    (_, { texts }) => ({ setToken: (tokens, name) => void texts.set(name, encode(tokens)) }),
  ],
  [
    'reads what an object inherits',
    'what a polluted prototype offers is no session, and becomes no part of one',
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
    'what a polluted prototype offers is no session, and becomes no part of one',
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
    'locks nobody out',
    'a lock lets one in at a time: the second starts when the first has ended',
    () => ({ lock: (_, run) => run() }),
  ],
  [
    'locks nobody out',
    'ten managers that renew at once present each single-use refresh token once',
    () => ({ lock: (_, run) => run() }),
  ],
  [
    'gives up waiting for the lock and goes on',
    'under a lock nobody else is ever inside',
    ({ lock }) => ({
      lock: (name, run) => Promise.race([lock(name, run), Promise.resolve().then(run)]),
    }),
  ],
  [
    'keeps the result of what ran under the lock',
    'a lock gives the result of what ran under it',
    ({ lock }) => ({ lock: (name, run) => lock(name, run).then(() => undefined as never) }),
  ],
  [
    'keeps the lock after an error',
    'a lock is freed when what ran under it throws, and the error is the caller’s',
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
    'a lock holds up no reading, storing or removing: a sign-out does not wait for a renewal',
    ({ lock, removeToken }) => ({
      removeToken: (name) => lock(name, async () => removeToken(name)),
    }),
  ],
  [
    'remembers what it read before the lock',
    'who waited for a lock reads what its holder wrote',
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
    'tells nobody',
    'a session stored, replaced or removed by somebody else is told, and can be read then',
    () => ({ subscribe: () => () => undefined }),
  ],
  [
    'goes on telling',
    'who stopped listening is told nothing more, and others still are',
    ({ subscribe }) => ({
      subscribe(name, listener) {
        subscribe(name, listener)
        return () => undefined
      },
    }),
  ],
  [
    'hides its own changes',
    'a change made through a store is told to those who listen to that very store: several managers may share it',
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
    'a change of one name is not told to listeners of another',
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
