import { generateKeyPair } from 'oauth4webapi'

const DATABASE = 'latchkey'
const KEYS = 'dpop-keys'

/**
 * The key of one session in this browser, made the first time. It can sign and cannot be read, so a script
 * that gets into the page cannot take it away. All tabs of the origin have the same one. It stays after a
 * sign-out, when it opens nothing.
 *
 * Where the browser blocks its databases, the key lasts as long as the page: the session then ends with it.
 */
export async function pageKey(name: string): Promise<CryptoKeyPair> {
  const made = await generateKeyPair('ES256')
  try {
    const database = await open()
    const keys = database.transaction(KEYS, 'readwrite').objectStore(KEYS)
    // In one transaction, so that of two tabs at once the second one finds the key of the first.
    const found = (await done(keys.get(name))) as CryptoKeyPair | undefined
    if (!found) await done(keys.put(made, name))
    database.close()
    return found ?? made
  } catch {
    return made
  }
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1)
  request.addEventListener('upgradeneeded', () => request.result.createObjectStore(KEYS))
  return done(request)
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(request.error as Error))
  })
}
