import { LatchkeyError, type MaybePromise } from '@latchkey/core'
import { invalidOption } from '@latchkey/core/service'
import { type Authentication, factorsOf } from './authentication.ts'
import { authenticationDiffers } from './shared-requests.ts'
import {
  type PowerAuthHeader,
  type PowerAuthToken,
  readToken,
  type Signing,
  signToken,
} from './token-digest.ts'
import {
  createStoredRecords,
  type StoredRecords,
  type StoredRecordsOptions,
} from './stored-records.ts'
import type { TokenRecord } from './token-record.ts'
import type { NamedToken, PowerAuthTokenStore } from './token-store.ts'

/** The functions that create tokens, and the store that keeps them. */
export interface LocalTokensOptions<A> extends StoredRecordsOptions {
  signing: Signing
  /** The server's time. */
  now(): number
  createToken(name: string, authentication: A, signal: AbortSignal): MaybePromise<PowerAuthToken>
  removeToken: ((tokenId: string) => MaybePromise<unknown>) | undefined
}

/** The tokens of one instance, in a store that other instances may use too. */
export interface LocalTokens<A extends Authentication>
  extends Omit<PowerAuthTokenStore<A>, 'requestAccessToken'> {
  /** Returns the token of this name; creates it if it is missing. Keeps nothing once `signal` aborts. */
  obtain(name: string, authentication: A, signal: AbortSignal): Promise<NamedToken>
  /** Removes the token of this name if it still has this id. Later requests run after it. */
  forget(name: string, tokenIdentifier: string): Promise<void>
}

export function createLocalTokens<A extends Authentication>(
  options: LocalTokensOptions<A>,
): LocalTokens<A> {
  const records = createStoredRecords(options)
  const { signing, now, removeToken } = options
  return {
    obtain: (name, authentication, signal) =>
      obtain(options, records, { name, authentication, signal }),
    hasLocalToken: async (name) => (await records.read(name)) !== undefined,
    getLocalToken: async (name) => named(name, await expectRecord(name, records.read(name))),
    async generateHeaderForToken(name): Promise<PowerAuthHeader> {
      return signToken(await expectRecord(name, records.recall(name)), signing, now())
    },
    async removeAccessToken(name) {
      const { tokenId } = await expectRecord(name, records.read(name))
      if (!removeToken) {
        throw invalidOption(
          '`removeToken` must be a function, so that a token can be removed at the server.',
        )
      }
      await removeToken(tokenId)
      await records.removeThis(name, tokenId) // another one may have taken its place
    },
    forget: records.removeThis,
    removeLocalToken: records.remove,
    removeAllLocalTokens: records.removeAll,
  }
}

interface Wanted<A> {
  name: string
  authentication: A
  signal: AbortSignal
}

/** Reads the activation before the request, because a token belongs to the activation it is created under. */
async function obtain<A extends Authentication>(
  { signing, activationId, createToken }: LocalTokensOptions<A>,
  records: StoredRecords,
  { name, authentication, signal }: Wanted<A>,
): Promise<NamedToken> {
  const factors = factorsOf(authentication)
  const activation = await activationId()
  const known = await records.read(name)
  if (known && known.factors !== factors) throw authenticationDiffers(name)
  if (known) return named(name, known)
  const created = await createToken(name, authentication, signal)
  const record = { ...readToken(created, signing.version), factors, activation }
  if ((await activationId()) !== activation) throw activationChanged(name)
  await records.write(name, record, signal)
  return named(name, record)
}

const named = (tokenName: string, { tokenId }: TokenRecord): NamedToken => ({
  tokenName,
  tokenIdentifier: tokenId,
})

/** @throws {LatchkeyError} `ERR_TOKEN_NOT_AVAILABLE`. */
async function expectRecord(
  name: string,
  reading: Promise<TokenRecord | undefined>,
): Promise<TokenRecord> {
  const record = await reading
  if (record) return record
  throw new LatchkeyError(
    'ERR_TOKEN_NOT_AVAILABLE',
    `No local token "${name}" exists. Request it with requestAccessToken().`,
  )
}

function activationChanged(name: string): LatchkeyError {
  return new LatchkeyError(
    'ERR_ACTIVATION_CHANGED',
    `The activation changed while the token "${name}" was being created, so the token was not kept. Request it again.`,
  )
}
