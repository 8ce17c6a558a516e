import type { TokenStore } from '@latchkey/core'
import { type JwtSession, jwtSession } from '@latchkey/jwt'
import { ask, askSecret, readSecret } from '../ask.ts'
import { askRefreshToken, expectKeepable, holding, subjectOf } from '../begun-elsewhere.ts'
import { ExitCode } from '../exit-code.ts'
import { Failure } from '../failure.ts'
import type { JwtProfile } from '../profile.ts'
import { aboutSession, expectStored, type SignInOptions, type Way } from '../sign-in-options.ts'

/** Signs in to an API that answers with a token, and saves the session in `store`. */
export async function signIn(
  url: string,
  options: SignInOptions,
  store: TokenStore,
): Promise<JwtProfile> {
  if (options.refreshToken) return goOn(url, options, store)
  const { refreshPath, userField = 'username' } = options
  const signInPath =
    options.signInPath ??
    (await ask('Path of the sign-in', '--sign-in-path', { initial: '/login' }))
  const user = options.user ?? (await ask('User', '--user'))
  const password = options.stdin
    ? await readSecret('password')
    : await askSecret('Password', '--stdin, with the password on stdin')
  const profile: JwtProfile = {
    ...(await aboutSession(url, user, options)),
    service: 'jwt',
    signInPath,
    ...(refreshPath !== undefined && { refreshPath }),
  }
  const session = open(profile, store, options)
  await expectStored(session, () => session.signIn({ [userField]: user, password }))
  return profile
}

/** Takes over a session that began elsewhere, by its refresh token. */
async function goOn(url: string, options: SignInOptions, store: TokenStore): Promise<JwtProfile> {
  const { refreshPath, signInPath = '/login' } = options
  if (refreshPath === undefined) {
    throw new Failure(
      ExitCode.usage,
      'Name the path that exchanges the refresh token: --refresh-path.',
    )
  }
  await expectKeepable(store)
  const refreshToken = await askRefreshToken(options)
  const draft: JwtProfile = {
    ...(await aboutSession(url, options.user ?? '', options)),
    service: 'jwt',
    signInPath,
    refreshPath,
  }
  const before = open(draft, await holding(refreshToken, draft.name), options)
  const tokens = await before.getTokens()
  const user = options.user ?? subjectOf(tokens.accessToken) ?? 'unknown'
  const profile = { ...draft, ...(await aboutSession(url, user, options)) }
  const session = open(profile, store, options)
  await expectStored(session, () => session.setTokens(tokens))
  return profile
}

/** Opens the session of a profile. */
export function open(profile: JwtProfile, store: TokenStore, { fetch }: Way): JwtSession {
  const { url, name, signInPath, refreshPath, allowInsecure } = profile
  return jwtSession({
    baseUrl: url,
    signIn: signInPath,
    name,
    store,
    ...(allowInsecure && { allowInsecure }),
    ...(refreshPath !== undefined && { refresh: refreshPath }),
    ...(fetch && { fetch }),
  })
}
