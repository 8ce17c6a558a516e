import type { Adapter, AdapterPayload } from 'oidc-provider'

/** The provider's own memory adapter warns on the console that it is one. Nothing here grows old. */
export function memoryAdapter(model: string, entries: Map<string, AdapterPayload>): Adapter {
  const key = (id: string) => `${model}:${id}`
  const find = (id: string) => Promise.resolve(entries.get(key(id)))
  const search = (matches: (payload: AdapterPayload) => boolean) =>
    Promise.resolve(
      [...entries].find(([name, payload]) => name.startsWith(key('')) && matches(payload))?.[1],
    )
  return {
    find,
    findByUid: (uid) => search((payload) => payload.uid === uid),
    findByUserCode: (userCode) => search((payload) => payload.userCode === userCode),
    async upsert(id, payload) {
      entries.set(key(id), payload)
    },
    async consume(id) {
      const payload = entries.get(key(id))
      if (payload) payload.consumed = Math.floor(Date.now() / 1000)
    },
    async destroy(id) {
      entries.delete(key(id))
    },
    async revokeByGrantId(grantId) {
      for (const [name, payload] of entries) if (payload.grantId === grantId) entries.delete(name)
    },
  }
}
