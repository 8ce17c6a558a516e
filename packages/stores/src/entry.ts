import type { TokenSet } from '@latchkey/core'
import { StoreError } from './store-error.ts'

/** The version of what we write. A reader of an older one leaves a newer entry as it is. */
const ENTRY_VERSION = 1

/** Maximum length of an entry, in characters. A longer one was not written by us. */
const ENTRY_LIMIT = 1_048_576

/**
 * Returns a token set as the text that stores keep. `extra` fields come first and never replace ours.
 *
 * Properties added to `Object.prototype` (a `toJSON`, an `accessToken`) do not get into it.
 *
 * @throws {StoreError} `ERR_STORE_GARBAGE` for anything but a token set, `ERR_STORE_TOO_LARGE` for a text that
 *   readers would refuse. Both are thrown before anything is written.
 */
export function encodeEntry(
  tokens: TokenSet,
  extra: Readonly<Record<string, unknown>> = {},
): string {
  const { accessToken, refreshToken, expiresAt, refreshExpiresAt, ...more } = ownFields(tokens)
  if (!isToken(accessToken) || !isTokenOrNone(refreshToken)) throw garbage()
  const required = { version: ENTRY_VERSION, accessToken, refreshToken }
  const fields = { ...required, expiresAt, refreshExpiresAt, ...textsIn(more) }
  const text = JSON.stringify(Object.assign(Object.create(null), extra, fields))
  if (text.length <= ENTRY_LIMIT) return text
  throw new StoreError(
    'ERR_STORE_TOO_LARGE',
    `The session is ${text.length} characters long, and at most ${ENTRY_LIMIT} are stored. Nothing was changed.`,
  )
}

/** The content of an entry: its token set, and the fields of other programs. */
export interface Entry {
  tokens: TokenSet
  extra: Record<string, unknown>
}

/**
 * Reads an entry without trusting it: only own properties of the right type count.
 *
 * @param stored A text, or the parsed value from a storage that parses by itself.
 * @throws {StoreError} `ERR_STORE_GARBAGE`, or `ERR_STORE_NEWER` for an entry of a later version.
 */
export function decodeEntry(stored: unknown): Entry {
  const fields = ownFields(typeof stored === 'string' ? parse(stored) : stored)
  const { version, accessToken, refreshToken, expiresAt, refreshExpiresAt, ...more } = fields
  if (typeof version === 'number' && version > ENTRY_VERSION) {
    throw new StoreError(
      'ERR_STORE_NEWER',
      `The stored session has version ${version}, and this release reads up to ${ENTRY_VERSION}: update Latchkey, or sign out with the newer release. It was left as it is.`,
    )
  }
  if (version !== ENTRY_VERSION || !isToken(accessToken) || !isTokenOrNone(refreshToken)) {
    throw garbage()
  }
  return {
    tokens: {
      accessToken,
      ...(refreshToken !== undefined && { refreshToken }),
      ...(isInstant(expiresAt) && { expiresAt }),
      ...(isInstant(refreshExpiresAt) && { refreshExpiresAt }),
      ...textsIn(more),
    },
    extra: ownFields(withoutTexts(more)),
  }
}

/** The parts of a token set that are text and may be missing, as in entries of older releases. */
const TEXTS = ['idToken', 'scope', 'dpopKey', 'audienceTokens'] as const

const textsIn = (fields: Record<string, unknown>): Partial<TokenSet> =>
  Object.fromEntries(TEXTS.flatMap((key) => (isToken(fields[key]) ? [[key, fields[key]]] : [])))

const withoutTexts = (fields: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(fields).filter(([key]) => !TEXTS.some((text) => text === key)))

/**
 * Lets a store overwrite any content, except an entry of a newer version.
 *
 * @throws {StoreError} `ERR_STORE_NEWER`
 */
export function refuseNewer(stored: unknown): void {
  if (stored === null || stored === undefined) return
  try {
    decodeEntry(stored)
  } catch (error) {
    if (error instanceof StoreError && error.code === 'ERR_STORE_NEWER') throw error
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

const isTokenOrNone = (value: unknown): value is string | undefined =>
  value === undefined || isToken(value)

const isInstant = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value > 0

const garbage = () =>
  new StoreError(
    'ERR_STORE_GARBAGE',
    'The stored value is not a session. It was left as it is; sign in again to replace it.',
  )
