import {
  expectKnown,
  invalidOption,
  type OptionNames,
  type ServiceOptions,
  serviceOptions,
} from '@latchkey/core/service'

/**
 * The server and the credentials. Without credentials, the manager uses a stored session or waits for
 * signIn().
 */
export interface NocoDBOptions extends ServiceOptions {
  /** The server's address: `https://host`, or `https://host/nocodb` under a sub-path. */
  baseUrl: string
  /** An API token, sent as `xc-token`. It is used before any other credential and is never renewed. */
  apiToken?: string | undefined
  /** With `password`: signs in when there is not a usable session. Alone: only this user's session is used. */
  email?: string | undefined
  /** With `email`. Kept in memory only, to sign in again when the session ends. */
  password?: string | undefined
  /** The session's name inside the store. Default: `baseUrl`. If users share a store, each needs a name. */
  name?: string
}

const KNOWN: OptionNames<NocoDBOptions> = {
  baseUrl: true,
  apiToken: true,
  email: 'text',
  password: 'text',
  name: true,
  ...serviceOptions,
}

/** Names of the credentials for messages: options, or variables of the environment. */
export interface CredentialNames {
  apiToken: string
  email: string
  password: string
  /** The word for a credential that is present, as in "is not given". */
  given: string
}

export const optionNames: CredentialNames = {
  apiToken: '`apiToken`',
  email: '`email`',
  password: '`password`',
  given: 'given',
}

/**
 * Checks the options that core does not know, and warns of credentials that are not used.
 *
 * @throws {LatchkeyError} `ERR_INVALID_OPTION`, never showing a secret.
 */
export function checkNocoDBOptions(given: NocoDBOptions, names: CredentialNames): NocoDBOptions {
  const options = expectKnown(given, KNOWN)
  const { apiToken, email, password } = options
  if (password !== undefined && email === undefined) {
    throw invalidOption(`${names.password} needs the ${names.email} it belongs to.`)
  }
  if (apiToken !== undefined && email !== undefined) {
    const unused = password === undefined ? names.email : `${names.email} and ${names.password}`
    // oxlint-disable-next-line no-console -- it works, so it is not an error; and no listener can be attached yet
    console.warn(
      `Latchkey: nocodb() uses ${names.apiToken} and ignores ${unused}. Remove one of them.`,
    )
  }
  return options
}

/** Returns why a sign-in by password is not possible. Called only when it is not. */
export function missingCredentials(
  { email, password }: NocoDBOptions,
  { apiToken, given, ...names }: CredentialNames,
): string {
  if (password !== undefined) return `those ${given} belong to another user than the session`
  if (email !== undefined) return `${names.password} is not ${given}`
  return `${names.email} and ${names.password} are not ${given}, nor is ${apiToken}`
}
