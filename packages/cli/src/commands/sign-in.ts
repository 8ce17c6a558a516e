import { env } from 'node:process'
import type { TokenStore } from '@latchkey/core'
import { ask } from '../ask.ts'
import { keepProfile, type Profile } from '../profile.ts'
import { openStore } from '../session.ts'
import type { SignInOptions } from '../sign-in-options.ts'
import { printJson, say } from '../terminal.ts'

/** Asks for what is missing, signs in, keeps the session and makes it the current one. */
export async function signIn(given: string | undefined, options: SignInOptions): Promise<void> {
  const url = await serverUrl(given)
  await keep(await enter(url, options, await openStore(options.store)), options)
}

async function enter(url: string, options: SignInOptions, store: TokenStore): Promise<Profile> {
  switch (options.service) {
    case 'nocodb': {
      const nocodb = await import('../services/nocodb.ts')
      return options.apiToken
        ? nocodb.keepApiToken(url, options, store)
        : nocodb.signIn(url, options, store)
    }
    case 'oauth':
      return (await import('../services/oauth.ts')).signIn(url, options, store)
    case 'jwt':
      return (await import('../services/jwt.ts')).signIn(url, options, store)
  }
}

/** Creates a NocoDB user and goes on as that user. */
export async function signUp(given: string | undefined, options: SignInOptions): Promise<void> {
  const url = await serverUrl(given)
  const { signUp: enterAnew } = await import('../services/nocodb.ts')
  await keep(await enterAnew(url, options, await openStore(options.store)), options)
}

async function serverUrl(given: string | undefined): Promise<string> {
  const url =
    given ?? (await ask('Where is the server?', 'latchkey sign-in <url>', env['NOCODB_URL']))
  return url.replace(/\/+$/, '')
}

const places = { file: 'a file that only you can read', keychain: 'your keychain' }

async function keep(profile: Profile, { json }: SignInOptions): Promise<void> {
  await keepProfile(profile)
  if (json) return printJson(profile)
  const who = profile.user === undefined ? '' : ` as ${profile.user}`
  say(`Signed in to ${profile.url}${who}. The session is kept in ${places[profile.store]}.`)
}
