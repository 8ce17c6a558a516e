import { memoryStore, type TokenSet, type TokenStore } from '@latchkey/core'
import { type OAuth, oauth } from '@latchkey/oauth'
import { ask, askSecret, readSecret } from '../ask.ts'
import { askRefreshToken, expectKeepable, holding, subjectOf } from '../begun-elsewhere.ts'
import { ExitCode } from '../exit-code.ts'
import { Failure } from '../failure.ts'
import { type OAuthProfile, secretName } from '../profile.ts'
import { aboutSession, expectStored, type SignInOptions, type Way } from '../sign-in-options.ts'

/** Signs in a user, or the client itself, and saves the session in `store`. */
export async function signIn(
  url: string,
  options: SignInOptions,
  store: TokenStore,
): Promise<OAuthProfile> {
  const { issuer, tokenEndpoint } = options
  if ((issuer === undefined) === (tokenEndpoint === undefined)) {
    throw new Failure(
      ExitCode.usage,
      'Name the server that issues the tokens: --issuer or --token-endpoint.',
    )
  }
  const clientId = options.clientId ?? (await ask('Client id', '--client-id'))
  return wayOf(options)(url, { ...options, clientId }, store)
}

type ClientOptions = SignInOptions & { clientId: string }

/** A secret on stdin, without --browser or --device, means that the client signs in itself. */
function wayOf({ refreshToken, clientCredentials, browser, device, stdin }: SignInOptions) {
  if (refreshToken) return goOn
  return clientCredentials || (stdin && !browser && !device) ? enterAsClient : enterAsPerson
}

/** Obtains a first token for a client, and saves it and the client secret in `store`. */
async function enterAsClient(url: string, options: ClientOptions, store: TokenStore) {
  const secret = options.stdin
    ? await readSecret('client secret')
    : await askSecret('Client secret', '--stdin, with the secret on stdin')
  const profile = await profileOf(url, options.clientId, options)
  const manager = client(profile, secret, store, options)
  await expectStored(manager, () => manager.refresh())
  await store.setToken({ accessToken: secret }, secretName(profile.name))
  return profile
}

/** Signs in a user with a browser, here or on another device. A client secret, if there is one, comes from stdin. */
async function enterAsPerson(url: string, options: ClientOptions, store: TokenStore) {
  const { signInPerson } = await import('./person.ts')
  await expectKeepable(store)
  const clientSecret = options.stdin ? await readSecret('client secret') : undefined
  const about: Pick<OAuthProfile, 'by' | 'publicClient'> = {
    by: options.device ? 'device' : 'browser',
    ...(clientSecret === undefined && { publicClient: true }),
  }
  const draft = { ...(await profileOf(url, options.clientId, options)), ...about }
  const visit = memoryStore() // the session's name depends on the user, who is known only after the sign-in
  const idToken = await signInPerson(client(draft, clientSecret, visit, options), options)
  const tokens = await visit.getToken(draft.name)
  if (!tokens) throw new Failure(ExitCode.failed, 'The sign-in ended without a token.')
  const user = options.user ?? subjectOf(idToken) ?? options.clientId
  const profile = { ...(await profileOf(url, user, options)), ...about }
  return keepTokens(profile, tokens, clientSecret, store, options)
}

/** Takes over a session that began elsewhere, of a client without a secret. */
async function goOn(url: string, options: ClientOptions, store: TokenStore) {
  await expectKeepable(store)
  const refreshToken = await askRefreshToken(options)
  const about = { by: 'refresh-token', publicClient: true } as const
  const draft = { ...(await profileOf(url, options.clientId, options)), ...about }
  const before = client(draft, undefined, await holding(refreshToken, draft.name), options)
  const tokens = await before.getTokens()
  const user = options.user ?? subjectOf(tokens.accessToken) ?? options.clientId
  const profile = { ...(await profileOf(url, user, options)), ...about }
  return keepTokens(profile, tokens, undefined, store, options)
}

async function keepTokens(
  profile: OAuthProfile,
  tokens: TokenSet,
  secret: string | undefined,
  store: TokenStore,
  way: Way,
): Promise<OAuthProfile> {
  if (secret !== undefined) await store.setToken({ accessToken: secret }, secretName(profile.name))
  const manager = client(profile, secret, store, way)
  await expectStored(manager, () => manager.setTokens(tokens))
  return profile
}

async function profileOf(url: string, user: string, options: ClientOptions): Promise<OAuthProfile> {
  const { clientId, issuer, tokenEndpoint, scope } = options
  return {
    ...(await aboutSession(url, user, options)),
    service: 'oauth',
    clientId,
    ...(issuer !== undefined && { issuer }),
    ...(tokenEndpoint !== undefined && { tokenEndpoint }),
    ...(scope !== undefined && { scope }),
  }
}

/** Opens the session of a profile. */
export async function open(profile: OAuthProfile, store: TokenStore, way: Way): Promise<OAuth> {
  if (profile.publicClient) return client(profile, undefined, store, way)
  const kept = await store.getToken(secretName(profile.name))
  if (kept) return client(profile, kept.accessToken, store, way)
  throw new Failure(
    ExitCode.signedOut,
    `The client secret for ${profile.url} is gone. Run: latchkey sign-in ${profile.url} --service oauth`,
  )
}

/** Way to reach a client's server. The endpoints are used only for a sign-in. */
type ClientWay = Way & Pick<SignInOptions, 'authorizationEndpoint' | 'deviceEndpoint'>

function client(
  profile: OAuthProfile,
  clientSecret: string | undefined,
  store: TokenStore,
  { fetch, authorizationEndpoint, deviceEndpoint }: ClientWay,
): OAuth {
  const { url, name, clientId, issuer, tokenEndpoint, scope, allowInsecure, by } = profile
  const { origin } = new URL(url)
  return oauth({
    origin,
    name,
    store,
    clientId,
    clientSecret,
    issuer,
    tokenEndpoint,
    authorizationEndpoint,
    deviceAuthorizationEndpoint: deviceEndpoint,
    scope,
    clientCredentials: by === undefined,
    ...(allowInsecure && { allowInsecure }),
    ...(fetch && { fetch }),
  })
}
