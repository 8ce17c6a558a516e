import type { MaybePromise, TokenStore } from '@latchkey/core'
import { throwIfAborted } from '@latchkey/core/service'
import { readRecord, type TokenRecord, toTokenSet } from './token-record.ts'
import type { PowerAuthVersion } from './token-digest.ts'

export interface StoredRecordsOptions {
  instanceId: string
  store: TokenStore
  signing: { version: PowerAuthVersion }
  activationId(): MaybePromise<string | undefined>
}

/** The records of one instance, in a store that other instances may use too. */
export interface StoredRecords {
  /** Reads from the store. Deletes a record of another activation, and returns none. */
  read(name: string): Promise<TokenRecord | undefined>
  /** Reads from memory a record that was read or written before, else from the store. */
  recall(name: string): Promise<TokenRecord | undefined>
  /** Writes a record, unless `signal` has aborted. */
  write(name: string, record: TokenRecord, signal: AbortSignal): Promise<void>
  remove(name: string): Promise<void>
  /** Removes the record if it still belongs to this token. */
  removeThis(name: string, tokenId: string): Promise<void>
  removeAll(): Promise<void>
}

export function createStoredRecords(options: StoredRecordsOptions): StoredRecords {
  const { instanceId, store, signing, activationId } = options
  const prefix = `powerauth/${encodeURIComponent(instanceId)}/` // differs from every other instance's
  const keyOf = (name: string) => prefix + name
  const known = new Map<string, TokenRecord>()
  const writes = createQueue()

  const load = async (name: string) =>
    readRecord(await store.getToken(keyOf(name)), signing.version)

  function remove(name: string): Promise<void> {
    known.delete(name)
    return writes.add(async () => {
      await store.removeToken(keyOf(name))
      known.delete(name)
    })
  }

  function removeThis(name: string, tokenId: string): Promise<void> {
    if (known.get(name)?.tokenId === tokenId) known.delete(name)
    return writes.add(async () => {
      if ((await load(name))?.tokenId === tokenId) await store.removeToken(keyOf(name))
    })
  }

  async function ifOurs(
    name: string,
    record: TokenRecord | undefined,
  ): Promise<TokenRecord | undefined> {
    if (!record || record.activation === (await activationId())) return record
    await removeThis(name, record.tokenId) // only this one, because the new activation may have stored its own
    return undefined
  }

  async function read(name: string): Promise<TokenRecord | undefined> {
    await writes.done()
    const record = await load(name)
    if (record) known.set(name, record)
    else known.delete(name)
    return ifOurs(name, record)
  }

  return {
    read,
    remove,
    recall: async (name) => (await ifOurs(name, known.get(name))) ?? read(name),
    write: (name, record, signal) =>
      writes.add(async () => {
        throwIfAborted(signal)
        await store.setToken(toTokenSet(record), keyOf(name))
        known.set(name, record)
      }),
    removeThis,
    async removeAll() {
      const keys = (await store.names?.()) ?? [...known.keys()].map(keyOf)
      const names = keys.filter((key) => key.startsWith(prefix))
      await Promise.all(names.map((key) => remove(key.slice(prefix.length))))
    },
  }
}

/** Runs one write after the other, so that a removal wins over an unfinished write. */
function createQueue() {
  let last: Promise<unknown> = Promise.resolve()
  return {
    done: () => last,
    add<T>(work: () => Promise<T>): Promise<T> {
      const turn = last.then(work)
      last = turn.catch(() => undefined) // its caller gets the error
      return turn
    },
  }
}
