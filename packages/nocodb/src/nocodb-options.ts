import { LatchkeyError, type TokenManagerOptions } from '@latchkey/core'

export interface NocoDBOptions
  extends Pick<
    TokenManagerOptions,
    'store' | 'renewAheadMs' | 'renewTimeoutMs' | 'fetch' | 'clock' | 'allowInsecure'
  > {
  /** Where NocoDB lives: `https://host`, or `https://host/nocodb` under a sub-path. */
  baseUrl: string
  /** An API token, sent as `xc-token`. It wins over everything else and is never renewed. */
  apiToken?: string | undefined
  /** With `password`: signs in when there is no session to go on with. Alone: whose session to take. */
  email?: string | undefined
  password?: string | undefined
  /** The session's name inside the store. Default: `baseUrl`. Give one per user that shares a store. */
  name?: string
}

/** Checks what core does not see. @throws {LatchkeyError} `ERR_INVALID_OPTION`, never showing a secret. */
export function checkNocoDBOptions({ email, password, store }: NocoDBOptions): void {
  const isText = (value: unknown) => typeof value === 'string' && value !== ''
  if (email !== undefined && !isText(email)) throw invalid('`email` must be a non-empty string.')
  if (password !== undefined && !isText(password)) {
    throw invalid('`password` must be a non-empty string.')
  }
  if (password !== undefined && email === undefined) {
    throw invalid('`password` needs the `email` it belongs to.')
  }
  if (store === undefined) return
  const methods = [store?.getToken, store?.setToken, store?.removeToken]
  if (methods.some((method) => typeof method !== 'function')) {
    throw invalid('`store` must be an object with getToken, setToken and removeToken.')
  }
}

const invalid = (message: string) => new LatchkeyError('ERR_INVALID_OPTION', message)
