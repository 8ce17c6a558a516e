import type { TokenStore } from '@latchkey/core'
import { type OAuth, oauth } from '@latchkey/oauth'
import { ask, askSecret, readSecret } from '../ask.ts'
import { ExitCode } from '../exit-code.ts'
import { Failure } from '../failure.ts'
import { type OAuthProfile, secretName } from '../profile.ts'
import { aboutSession, expectStored, type SignInOptions } from '../sign-in-options.ts'

/** Obtains a first token for a client, and leaves it and the client's secret in `store`. */
export async function signIn(
  url: string,
  options: SignInOptions,
  store: TokenStore,
): Promise<OAuthProfile> {
  const { issuer, tokenEndpoint, scope } = options
  if ((issuer === undefined) === (tokenEndpoint === undefined)) {
    throw new Failure(ExitCode.usage, 'Tell where tokens are given: --issuer or --token-endpoint.')
  }
  const clientId = options.clientId ?? (await ask('Client id', '--client-id'))
  const secret = options.stdin
    ? await readSecret('client secret')
    : await askSecret('Client secret', '--stdin, with the secret on stdin')
  const profile: OAuthProfile = {
    ...(await aboutSession(url, clientId, options)),
    service: 'oauth',
    clientId,
    ...(issuer !== undefined && { issuer }),
    ...(tokenEndpoint !== undefined && { tokenEndpoint }),
    ...(scope !== undefined && { scope }),
  }
  const manager = client(profile, secret, store)
  await expectStored(manager, () => manager.refresh())
  await store.setToken({ accessToken: secret }, secretName(profile.name))
  return profile
}

/** The session that a profile tells of. */
export async function open(profile: OAuthProfile, store: TokenStore): Promise<OAuth> {
  const kept = await store.getToken(secretName(profile.name))
  if (kept) return client(profile, kept.accessToken, store)
  throw new Failure(
    ExitCode.signedOut,
    `The client secret for ${profile.url} is gone. Run: latchkey sign-in ${profile.url} --service oauth`,
  )
}

function client(profile: OAuthProfile, clientSecret: string, store: TokenStore): OAuth {
  const { url, name, clientId, issuer, tokenEndpoint, scope, allowInsecure } = profile
  const { origin } = new URL(url)
  return oauth({
    origin,
    name,
    store,
    clientId,
    clientSecret,
    issuer,
    tokenEndpoint,
    scope,
    clientCredentials: true,
    ...(allowInsecure && { allowInsecure }),
  })
}
