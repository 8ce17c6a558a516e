import { env } from 'node:process'
import type { TokenStore } from '@latchkey/core'
import { allowsInsecure } from '../allowances.ts'
import { ask } from '../ask.ts'
import { ExitCode } from '../exit-code.ts'
import { Failure } from '../failure.ts'
import { addressesOf, gatewayFetch, headersFor, keepHeaders } from '../gateway.ts'
import { entriesOf, type Profile } from '../profile.ts'
import { keepProfile, readProfiles } from '../profile-list.ts'
import { readServerUrl } from '../server-url.ts'
import { openStore } from '../session.ts'
import type { SignInOptions } from '../sign-in-options.ts'
import { oneLine, printJson, say } from '../terminal.ts'

/** Asks for missing values, signs in, saves the session and makes it the current one. */
export async function signIn(given: string | undefined, asked: SignInOptions): Promise<void> {
  expectOneWay(asked)
  await enterAndKeep(given, asked, enter)
}

/** Creates a NocoDB user and signs in as that user. */
export async function signUp(given: string | undefined, asked: SignInOptions): Promise<void> {
  const { signUp: enterAnew } = await import('../services/nocodb.ts')
  await enterAndKeep(given, { ...asked, service: 'nocodb' }, enterAnew)
}

async function enterAndKeep(
  given: string | undefined,
  asked: SignInOptions,
  by: typeof enter,
): Promise<void> {
  const headers = await headersFor(asked)
  const allowed = withAllowances(asked)
  const url = await serverUrl(given, allowed)
  const fetch = gatewayFetch(headers, addressesOf({ ...allowed, url }))
  const options = fetch ? { ...allowed, fetch, headers: true as const } : allowed
  const store = await readableStore(options)
  const profile = await by(url, options, store)
  if (fetch) await keepHeaders(profile, headers, store)
  await keep(profile, options)
}

/** Refuses several ways to sign in, because all but one would be ignored without a message. */
function expectOneWay(options: SignInOptions): void {
  const { apiToken, browser, clientCredentials, device, refreshToken } = options
  const ways = [apiToken, browser, clientCredentials, device, refreshToken]
  if (ways.filter(Boolean).length <= 1) return
  throw new Failure(
    ExitCode.usage,
    'Choose one way to sign in: --api-token, --browser, --device, --client-credentials or --refresh-token.',
  )
}

/** Saves a permission from the environment with the session, so that later commands have it too. */
const withAllowances = (options: SignInOptions): SignInOptions =>
  allowsInsecure(options) ? { ...options, allowInsecure: true } : options

async function enter(url: string, options: SignInOptions, store: TokenStore): Promise<Profile> {
  switch (options.service) {
    case 'nocodb': {
      const nocodb = await import('../services/nocodb.ts')
      if (options.refreshToken) return nocodb.goOn(url, options, store)
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

async function serverUrl(given: string | undefined, options: SignInOptions): Promise<string> {
  const { allowInsecure, service } = options
  const read = (url: string) =>
    readServerUrl(url, { allowInsecure, isNocoDB: service === 'nocodb' })
  if (given !== undefined) return read(given)
  const question = 'URL of the server'
  const initial = env['NOCODB_URL'] && oneLine(env['NOCODB_URL'])
  return read(await ask(question, 'latchkey sign-in <url>', { initial, check: read }))
}

/** Opens and reads the store first, so that a broken one is reported before the user types a password. */
async function readableStore({ store: kind }: SignInOptions): Promise<TokenStore> {
  await readProfiles()
  const store = await openStore(kind)
  await store.getToken('latchkey') // no session has this name
  return store
}

const places = { file: 'a file that only you can read', keychain: 'your keychain' }

async function keep(profile: Profile, { json }: SignInOptions): Promise<void> {
  const replaced = await keepProfile(profile)
  const { url, user, store } = profile
  if (json) printJson(profile)
  else say(`Signed in to ${url} as ${user}. The session is kept in ${places[store]}.`)
  if (replaced) await forgetReplaced(replaced, profile)
}

/** Removes the secrets of the replaced session that the new one does not overwrite. */
async function forgetReplaced(replaced: Profile, profile: Profile): Promise<void> {
  const { name, url, user, store: kind } = replaced
  if (url !== profile.url || user !== profile.user) {
    say(`The session "${name}", of ${user} at ${url}, was replaced.`)
  }
  const kept = kind === profile.store ? entriesOf(profile) : []
  const left = entriesOf(replaced).filter((entry) => !kept.includes(entry))
  try {
    const store = await openStore(kind)
    for (const entry of left) await store.removeToken(entry)
  } catch (cause) {
    throw new Failure(
      ExitCode.store,
      `You are signed in, but the earlier session "${name}" could not be removed from ${places[kind]}.`,
      { cause },
    )
  }
}
