import { generateKeyPair } from 'oauth4webapi'

const DATABASE = 'latchkey'
const KEYS = 'dpop-keys'

/**
 * Returns the key of one session in this browser; makes it the first time. It can sign but cannot be read, so a
 * malicious script in the page cannot copy it. All tabs of the origin share it. It stays after a sign-out, when
 * no token is bound to it.
 *
 * If the browser blocks its databases, the key lasts as long as the page, and so does the session.
 */
export async function pageKey(name: string): Promise<CryptoKeyPair> {
  const made = await generateKeyPair('ES256')
  try {
    const database = await open()
    const keys = database.transaction(KEYS, 'readwrite').objectStore(KEYS)
    // In one transaction, so that the second of two tabs finds the key of the first.
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
