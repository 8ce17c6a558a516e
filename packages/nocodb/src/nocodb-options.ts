import {
  expectKnown,
  invalidOption,
  type OptionNames,
  type ServiceOptions,
  serviceOptions,
} from '@latchkey/core/service'

/**
 * Where NocoDB lives, and who signs in. Without credentials a stored session, or signIn(), is what goes
 * on.
 */
export interface NocoDBOptions extends ServiceOptions {
  /** Where NocoDB lives: `https://host`, or `https://host/nocodb` under a sub-path. */
  baseUrl: string
  /** An API token, sent as `xc-token`. It wins over everything else and is never renewed. */
  apiToken?: string | undefined
  /** With `password`: signs in when there is no session to go on with. Alone: whose session to take. */
  email?: string | undefined
  /** With `email`. Kept in memory only, to sign in again when the session ends. */
  password?: string | undefined
  /** The session's name inside the store. Default: `baseUrl`. Give one per user that shares a store. */
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

/** What the credentials are called where they come from, for messages. */
export interface CredentialNames {
  apiToken: string
  email: string
  password: string
  /** What is said of one that is not there. */
  given: string
}

export const optionNames: CredentialNames = {
  apiToken: '`apiToken`',
  email: '`email`',
  password: '`password`',
  given: 'given',
}

/**
 * Checks what core does not see, and warns of credentials that are of no use.
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
    // oxlint-disable-next-line no-console -- it works, so no error; and nobody can listen yet
    console.warn(
      `Latchkey: nocodb() uses ${names.apiToken}, and not ${unused}. Leave out one or the other.`,
    )
  }
  return options
}

/** Why nobody can sign in by password, when nobody can. */
export function missingCredentials(
  { email, password }: NocoDBOptions,
  { apiToken, given, ...names }: CredentialNames,
): string {
  if (password !== undefined) return `those ${given} are of another user than the session`
  if (email !== undefined) return `${names.password} is not ${given}`
  return `${names.email} and ${names.password} are not ${given}, nor is ${apiToken}`
}
