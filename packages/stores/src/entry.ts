import type { TokenSet } from '@latchkey/core'
import { StoreError } from './store-error.ts'

/** The version of what we write. A reader of an older one leaves a newer entry as it is. */
const ENTRY_VERSION = 1

/** No token set is longer, in characters; what is was not written by us. */
const ENTRY_LIMIT = 1_048_576

/**
 * A token set as the text that stores keep. `extra` fields come first and never stand in for ours.
 *
 * Nothing that somebody added to `Object.prototype` (a `toJSON`, an `accessToken`) gets into it.
 */
export function encodeEntry(
  tokens: TokenSet,
  extra: Readonly<Record<string, unknown>> = {},
): string {
  const { accessToken, refreshToken, expiresAt, refreshExpiresAt } = ownFields(tokens)
  const fields = { version: ENTRY_VERSION, accessToken, refreshToken, expiresAt, refreshExpiresAt }
  return JSON.stringify(Object.assign(Object.create(null), extra, fields))
}

/** What an entry holds: its token set, and the fields that are not ours. */
export interface Entry {
  tokens: TokenSet
  extra: Record<string, unknown>
}

/**
 * The entry that `text` is, read with distrust: only own properties of the right type count.
 *
 * @throws {StoreError} `ERR_STORE_GARBAGE`, or `ERR_STORE_NEWER` for an entry of a later version.
 */
export function decodeEntry(text: string): Entry {
  const fields = ownFields(parse(text))
  const { version, accessToken, refreshToken, expiresAt, refreshExpiresAt, ...extra } = fields
  if (typeof version === 'number' && version > ENTRY_VERSION) {
    throw new StoreError(
      'ERR_STORE_NEWER',
      `The stored session has version ${version}, and this release reads up to ${ENTRY_VERSION}: update Latchkey, or sign out with the newer release. It was left as it is.`,
    )
  }
  if (version !== ENTRY_VERSION || !isToken(accessToken)) throw garbage()
  if (refreshToken !== undefined && !isToken(refreshToken)) throw garbage()
  return {
    tokens: {
      accessToken,
      ...(refreshToken !== undefined && { refreshToken }),
      ...(isInstant(expiresAt) && { expiresAt }),
      ...(isInstant(refreshExpiresAt) && { refreshExpiresAt }),
    },
    extra,
  }
}

function parse(text: string): unknown {
  if (text.length > ENTRY_LIMIT) throw garbage()
  try {
    return JSON.parse(text)
  } catch {
    throw garbage() // without a cause: the parser's message quotes what it read
  }
}

/** A copy of the own properties, which inherits nothing. */
function ownFields(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw garbage()
  return Object.assign(Object.create(null), value) as Record<string, unknown>
}

const isToken = (value: unknown): value is string => typeof value === 'string' && value !== ''

const isInstant = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value > 0

const garbage = () =>
  new StoreError(
    'ERR_STORE_GARBAGE',
    'What is stored is no session. It was left as it is; sign in again to replace it.',
  )
