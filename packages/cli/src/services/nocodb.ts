import type { TokenStore } from '@latchkey/core'
import { type NocoDB, nocodb } from '@latchkey/nocodb'
import { ask, askSecret, readSecret } from '../ask.ts'
import { askRefreshToken, expectKeepable, holding } from '../begun-elsewhere.ts'
import { ExitCode } from '../exit-code.ts'
import { Failure } from '../failure.ts'
import type { NocoDBProfile } from '../profile.ts'
import { aboutSession, expectStored, type SignInOptions, type Way } from '../sign-in-options.ts'

interface Credentials {
  email: string
  password: string
}

/** Signs in with e-mail and password, and saves the session in `store`. */
export const signIn = (url: string, options: SignInOptions, store: TokenStore) =>
  enter(url, options, store, (noco, credentials) => noco.signIn(credentials))

/** Creates a user, and saves that user's session in `store`. */
export const signUp = (url: string, options: SignInOptions, store: TokenStore) =>
  enter(url, options, store, (noco, credentials) => noco.signUp(credentials))

async function enter(
  url: string,
  options: SignInOptions,
  store: TokenStore,
  by: (noco: NocoDB, credentials: Credentials) => Promise<unknown>,
): Promise<NocoDBProfile> {
  const email = options.user ?? (await ask('E-mail', '--email'))
  const password = options.stdin
    ? await readSecret('password')
    : await askSecret('Password', '--stdin, with the password on stdin')
  const profile = { ...(await aboutSession(url, email, options)), service: 'nocodb' } as const
  const noco = await open(profile, store, options)
  await expectStored(noco, () => by(noco, { email, password }))
  return profile
}

/** Checks an API token with the server, and saves it in `store`. */
export async function keepApiToken(
  url: string,
  options: SignInOptions,
  store: TokenStore,
): Promise<NocoDBProfile> {
  const token = options.stdin
    ? await readSecret('API token')
    : await askSecret('API token', '--stdin, with the token on stdin')
  const { email } = await nocodb({ apiToken: token, ...server({ ...options, url }, options) }).me()
  const about = await aboutSession(url, `${email} (API token)`, options)
  await store.setToken({ accessToken: token }, about.name)
  return { ...about, service: 'nocodb', apiToken: true }
}

/** Takes over a session that began elsewhere, such as in a browser after single sign-on. */
export async function goOn(
  url: string,
  options: SignInOptions,
  store: TokenStore,
): Promise<NocoDBProfile> {
  await expectKeepable(store)
  const refreshToken = await askRefreshToken(options)
  const before = nocodb({
    store: await holding(refreshToken, url),
    name: url,
    ...server({ ...options, url }, options),
  })
  const { email } = await before.me()
  const tokens = await before.getTokens()
  const profile = { ...(await aboutSession(url, email, options)), service: 'nocodb' } as const
  const noco = await open(profile, store, options)
  await expectStored(noco, () => noco.setTokens(tokens))
  return profile
}

/** Opens the session of a profile. */
export async function open(profile: NocoDBProfile, store: TokenStore, way: Way): Promise<NocoDB> {
  const { url, name, user, apiToken } = profile
  if (!apiToken) return nocodb({ store, name, email: user, ...server(profile, way) })
  const tokens = await store.getToken(name)
  if (tokens) return nocodb({ apiToken: tokens.accessToken, ...server(profile, way) })
  throw new Failure(
    ExitCode.signedOut,
    `The API token for ${url} is gone. Run: latchkey sign-in ${url} --api-token`,
  )
}

const server = (
  { url, allowInsecure }: Pick<NocoDBProfile, 'url' | 'allowInsecure'>,
  { fetch }: Way,
) => ({
  baseUrl: url,
  ...(allowInsecure && { allowInsecure }),
  ...(fetch && { fetch }),
})
