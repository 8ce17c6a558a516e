import type { MaybePromise } from '@latchkey/core'
import { invalidOption } from '@latchkey/core/service'
import { type ClientAuth, ClientSecretBasic, ClientSecretPost, None } from 'oauth4webapi'

/** How the client authenticates. */
export interface ClientIdentity {
  authenticate: ClientAuth
  /** The secrets it sent last. They are removed from messages if the server repeats them. */
  secrets(): readonly string[]
}

/** The options for client authentication. */
export interface IdentityOptions {
  clientSecret?: string | (() => MaybePromise<string>) | undefined
  clientAuthentication?: 'basic' | 'post' | 'none' | ClientAuth | undefined
}

/** @throws {LatchkeyError} `ERR_INVALID_OPTION`, naming the option and what was expected. */
export function identifyClient(options: IdentityOptions): ClientIdentity {
  const { clientSecret } = options
  let shown: readonly string[] = typeof clientSecret === 'string' ? [clientSecret] : []
  const choose = chooseAuthentication(options)
  return {
    secrets: () => shown,
    async authenticate(server, client, form, headers) {
      const { authenticate, secret } = await choose()
      const before = new Set(form.keys())
      await authenticate(server, client, form, headers)
      const added = [...form].filter(([name]) => !before.has(name) && !PUBLIC.has(name))
      const header = headers.get('authorization')?.replace(/^\S+\s+/, '')
      const all = [secret, header, ...added.map(([, value]) => value)]
      shown = all.filter((one) => one !== undefined)
    },
  }
}

/** Fields of client authentication that are not secret. */
const PUBLIC: ReadonlySet<string> = new Set(['client_id', 'client_assertion_type'])

/** Returns the authentication for one request. A secret that is a function is called for each request. */
function chooseAuthentication({ clientSecret, clientAuthentication }: IdentityOptions) {
  const method = clientAuthentication ?? (clientSecret === undefined ? 'none' : 'basic')
  if (typeof method === 'function') {
    if (clientSecret === undefined) return () => ({ authenticate: method, secret: undefined })
    throw invalidOption(
      '`clientSecret` is not used if `clientAuthentication` is a function. Remove one of them.',
    )
  }
  if (method === 'none') {
    if (clientSecret === undefined) return () => ({ authenticate: None(), secret: undefined })
    throw invalidOption(
      "`clientSecret` is not used with `clientAuthentication: 'none'`. Remove one of them.",
    )
  }
  if (method !== 'basic' && method !== 'post') {
    throw invalidOption(
      "`clientAuthentication` must be 'basic', 'post', 'none' or a function such as oauth4webapi's PrivateKeyJwt().",
    )
  }
  if (!isSecret(clientSecret) && typeof clientSecret !== 'function') {
    const expected = 'a non-empty string, or a function that returns one'
    throw invalidOption(
      clientSecret === undefined
        ? '`clientAuthentication` needs `clientSecret`.'
        : `\`clientSecret\` must be ${expected}.`,
    )
  }
  const present = method === 'basic' ? ClientSecretBasic : ClientSecretPost
  return async () => {
    const secret = typeof clientSecret === 'function' ? await clientSecret() : clientSecret
    if (!isSecret(secret)) throw invalidOption('`clientSecret` must return a non-empty string.')
    return { authenticate: present(secret), secret }
  }
}

const isSecret = (value: unknown): value is string => typeof value === 'string' && value !== ''
