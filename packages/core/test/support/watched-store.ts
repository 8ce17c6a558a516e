import { memoryStore, type TokenStore } from '../../src/index.ts'

type Method = 'getToken' | 'setToken' | 'removeToken'

/** A memory store that reports a change when a test says so, and whose calls a test can count, replace and await. */
export function watchedStore() {
  const inner = memoryStore()
  const listeners = new Set<() => void>()
  const watching: { method: Method; left: number; resolve: () => void }[] = []
  let reads = 0
  let read = inner.getToken
  const seen = (method: Method) => {
    for (const one of watching.filter((watched) => watched.method === method)) {
      one.left -= 1
      if (one.left === 0) one.resolve()
    }
  }
  const store = {
    ...inner,
    getToken(name) {
      reads += 1
      seen('getToken')
      return read(name)
    },
    setToken(tokens, name) {
      void inner.setToken(tokens, name)
      seen('setToken')
    },
    removeToken(name) {
      void inner.removeToken(name)
      seen('removeToken')
    },
    subscribe(_name, listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  } satisfies TokenStore
  return {
    store,
    reads: () => reads,
    /** From now on every read returns this. */
    readBy: (by: TokenStore['getToken']) => void (read = by),
    /** Resolves after the next call of `method`, or after more calls. Call it before they can happen. */
    after: (method: Method, left = 1) =>
      new Promise<void>((resolve) => watching.push({ method, left, resolve })),
    /** Reports a change, as a store does after another tab or process has written. */
    tell() {
      for (const listener of listeners) listener()
    },
    listeners: () => listeners.size,
  }
}
