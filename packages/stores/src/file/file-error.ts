import { StoreError, type StoreErrorCode } from '../store-error.ts'

const FULL = ['ERR_STORE_FULL', 'the disk is full; the session stored before is intact'] as const
const DENIED = [
  'ERR_STORE_DENIED',
  'the system does not allow it; see who owns it and how it is mounted, or choose another `directory`',
] as const
const LINK = [
  'ERR_STORE_INSECURE',
  'it is a symbolic link, which another user may have made; check its target and remove it',
] as const

/** What the system's codes mean to a store. All others: that it could not be reached, which may pass. */
const meanings = new Map<unknown, readonly [StoreErrorCode, string]>([
  ['ENOSPC', FULL],
  ['EDQUOT', FULL],
  ['EFBIG', FULL],
  ['EACCES', DENIED],
  ['EPERM', DENIED],
  ['EROFS', DENIED],
  ['ENOTDIR', DENIED],
  ['ELOOP', LINK],
])

/** The system's code of an error: `ENOENT`. */
export function systemCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : undefined
}

export function isMissing(error: unknown): boolean {
  return systemCode(error) === 'ENOENT'
}

/** Runs `work` on `path`; what the system throws comes out as a `StoreError` with it as the cause. */
export async function withStoreErrors<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof StoreError ? error : storeError(path, error)
  }
}

/** Paths are not secret: they hold a hash of the session's name, and no part of its tokens. */
function storeError(path: string, cause: unknown): StoreError {
  const code = systemCode(cause) ?? 'an unknown error'
  const [meaning, why] = meanings.get(code) ?? [
    'ERR_STORE_UNAVAILABLE',
    'this may be temporary; try again',
  ]
  return new StoreError(meaning, `No access to ${path} (${code}): ${why}.`, { cause })
}
