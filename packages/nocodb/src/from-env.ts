import { invalidOption } from '@latchkey/core/service'
import { type NocoDB, openNocoDB } from './nocodb.ts'
import type { CredentialNames, NocoDBOptions } from './nocodb-options.ts'

const variables: CredentialNames = {
  apiToken: 'NOCODB_API_TOKEN',
  email: 'NOCODB_EMAIL',
  password: 'NOCODB_PASSWORD',
  given: 'set',
}

/**
 * Calls `nocodb()` with values from the environment: `NOCODB_URL`, and `NOCODB_API_TOKEN` or `NOCODB_EMAIL`
 * and `NOCODB_PASSWORD`. An empty variable counts as not set.
 *
 * @param env Usually `process.env`.
 * @throws {LatchkeyError} `ERR_INVALID_OPTION` if `NOCODB_URL` is not set, or an option is given that the environment sets.
 */
export function nocodbFromEnv(
  env: Record<string, string | undefined>,
  options: Omit<NocoDBOptions, 'baseUrl' | 'apiToken' | 'email' | 'password'> = {},
): NocoDB {
  const { NOCODB_URL, NOCODB_API_TOKEN, NOCODB_EMAIL, NOCODB_PASSWORD } = env
  if (!NOCODB_URL) {
    throw invalidOption(
      'Set NOCODB_URL to the address of NocoDB. Also set NOCODB_API_TOKEN, or both NOCODB_EMAIL and NOCODB_PASSWORD.',
    )
  }
  const given = ['baseUrl', 'apiToken', 'email', 'password'].find((name) =>
    Object.hasOwn(options, name),
  )
  if (given !== undefined) {
    throw invalidOption(
      `nocodbFromEnv() takes \`${given}\` from the environment. To pass it in code, use nocodb().`,
    )
  }
  return openNocoDB(
    {
      ...options,
      baseUrl: NOCODB_URL,
      apiToken: NOCODB_API_TOKEN || undefined,
      email: NOCODB_EMAIL || undefined,
      password: NOCODB_PASSWORD || undefined,
    },
    variables,
  )
}
