import { StoreError } from '../store-error.ts'

/** Which storage, as users say it. */
export type WebStorage = 'local' | 'session' | Storage

/** A storage whose failures are StoreErrors. Asked for anew at each call: it may be blocked meanwhile. */
export interface Area {
  read(key: string): string | null
  write(key: string, text: string): void
  remove(key: string): void
  keys(): string[]
  /** Whether `event` tells of a change of `key` in this very storage. */
  tells(event: StorageEvent, key: string): boolean
}

/** @throws {StoreError} `ERR_INVALID_OPTION`. Whether there is a storage shows at the first call. */
export function openArea(storage: WebStorage): Area {
  const isNamed = storage === 'local' || storage === 'session'
  if (!isNamed && typeof storage?.getItem !== 'function') {
    throw new StoreError('ERR_INVALID_OPTION', "`storage` must be 'local', 'session' or a Storage.")
  }
  const open = () => guarded(() => (isNamed ? pageStorage(storage) : storage))
  return {
    read: (key) => guarded(() => open().getItem(key)),
    write: (key, text) => guarded(() => open().setItem(key, text)),
    remove: (key) => guarded(() => open().removeItem(key)),
    keys() {
      const area = open()
      const keys = Array.from({ length: area.length }, (_, at) => guarded(() => area.key(at)))
      return keys.filter((key) => key !== null)
    },
    tells: ({ key: changed, storageArea }, key) =>
      (changed === key || changed === null) && storageArea === open(),
  }
}

/**
 * Asked of the window alone: Node has a global `localStorage` too, which warns when it is touched and
 * keeps nothing.
 */
function pageStorage(kind: 'local' | 'session'): Storage {
  const page = typeof window === 'undefined' ? undefined : window
  const area = kind === 'local' ? page?.localStorage : page?.sessionStorage
  if (area) return area
  throw new StoreError(
    'ERR_STORE_UNAVAILABLE',
    `This environment has no ${kind}Storage. On a server use another store; elsewhere pass the Storage itself.`,
  )
}

function guarded<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (cause instanceof StoreError) throw cause
    const { name } = cause as Partial<Error>
    if (name === 'QuotaExceededError' || name === 'NS_ERROR_DOM_QUOTA_REACHED') {
      throw new StoreError(
        'ERR_STORE_FULL',
        "The page's storage is full, or its quota is 0, as in some private windows.",
        { cause },
      )
    }
    throw new StoreError(
      'ERR_STORE_DENIED',
      'The browser does not let this page use its storage: blocked by a setting, or a sandboxed frame.',
      { cause },
    )
  }
}
