import type { TokenStore } from '@latchkey/core'
import { type JwtSession, jwtSession } from '@latchkey/jwt'
import { ask, askSecret, readSecret } from '../ask.ts'
import type { JwtProfile } from '../profile.ts'
import { aboutSession, expectStored, type SignInOptions } from '../sign-in-options.ts'

/** Signs in to an API that answers with a token, and leaves the session in `store`. */
export async function signIn(
  url: string,
  options: SignInOptions,
  store: TokenStore,
): Promise<JwtProfile> {
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
  const session = open(profile, store)
  await expectStored(session, () => session.signIn({ [userField]: user, password }))
  return profile
}

/** The session that a profile tells of. */
export function open(profile: JwtProfile, store: TokenStore): JwtSession {
  const { url, name, signInPath, refreshPath, allowInsecure } = profile
  return jwtSession({
    baseUrl: url,
    signIn: signInPath,
    name,
    store,
    ...(allowInsecure && { allowInsecure }),
    ...(refreshPath !== undefined && { refresh: refreshPath }),
  })
}
