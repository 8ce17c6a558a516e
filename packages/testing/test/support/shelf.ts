import type { TokenSet, TokenStore } from '@latchkey/core'
import type { StoreSubject } from '@latchkey/testing/store-contract'

/** What all stores on one shelf share, as processes share a directory. */
interface Shelf {
  texts: Map<string, string>
  turns: Map<string, Promise<unknown>>
  listeners: Set<{ store: object; name: string; listener: () => void }>
}

/** A store, and how to spoil it. */
export type Spoil = (
  store: Required<Omit<TokenStore, 'renewAheadMs' | 'canWrite'>>,
  shelf: Shelf,
) => Partial<TokenStore>

/** A store that lacks nothing, or one that breaks the promise that `spoil` takes away. */
export function shelf(spoil: Spoil = () => ({})): StoreSubject {
  return {
    place() {
      const own: Shelf = { texts: new Map(), turns: new Map(), listeners: new Set() }
      return {
        open() {
          const store = shelfStore(own)
          return { ...store, ...spoil(store, own) }
        },
        read: (name) => own.texts.get(name),
        write: (name, text) => void own.texts.set(name, text),
      }
    },
    patienceMs: 100,
  }
}

function shelfStore(own: Shelf): Required<Omit<TokenStore, 'renewAheadMs' | 'canWrite'>> {
  const store = {}
  const tell = (name: string) => {
    for (const one of own.listeners) if (one.name === name) one.listener()
  }
  return {
    getToken(name) {
      const text = own.texts.get(name)
      return text === undefined ? undefined : decode(text)
    },
    setToken(tokens, name) {
      refuseNewer(own.texts.get(name))
      own.texts.set(name, encode(tokens))
      tell(name)
    },
    removeToken(name) {
      own.texts.delete(name)
      tell(name)
    },
    names: () => [...own.texts.keys()],
    lock(name, run) {
      const turn = (own.turns.get(name) ?? Promise.resolve()).then(run)
      own.turns.set(
        name,
        turn.catch(() => undefined),
      )
      return turn
    },
    subscribe(name, listener) {
      const one = { store, name, listener }
      own.listeners.add(one)
      return () => void own.listeners.delete(one)
    },
  }
}

/** The text that is kept for `tokens`, without what they inherit. */
export function encode(tokens: TokenSet): string {
  const own: Partial<TokenSet> = Object.assign(Object.create(null), tokens)
  const { accessToken, refreshToken, expiresAt, refreshExpiresAt } = own
  const kept = { version: 1, accessToken, refreshToken, expiresAt, refreshExpiresAt }
  return JSON.stringify(Object.assign(Object.create(null), kept))
}

/** What a text holds, as an object that inherits nothing. */
export function fields(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? {} : Object.assign(Object.create(null), value)
  } catch {
    return {}
  }
}

function decode(text: string): TokenSet {
  const { version, accessToken, ...rest } = fields(text)
  if (version !== 1 || typeof accessToken !== 'string' || accessToken === '') {
    throw coded('The stored value is not a session.')
  }
  return { accessToken, ...rest }
}

function refuseNewer(text = '') {
  if (Number(fields(text).version) > 1) throw coded('What is stored is newer.')
}

/** An error in the way of a store. */
export const coded = (message: string) => Object.assign(new Error(message), { code: 'ERR_SHELF' })
