import { env } from 'node:process'
import { memoryStore, type TokenManager, type TokenStore } from '@latchkey/core'
import type { NocoDB } from '@latchkey/nocodb'
import { mayCarrySecrets } from '@latchkey/core/service'
import { type Allowances, allowsInsecure } from './allowances.ts'
import { ExitCode } from './exit-code.ts'
import { Failure, sayFailure } from './failure.ts'
import { addressesOf, gatewayFetch, headersOfEnvironment, keptHeaders } from './gateway.ts'
import {
  chooseProfile,
  currentProfile,
  findProfile,
  nameOf,
  type Profile,
  type Profiles,
  type StoreKind,
} from './profile.ts'
import { hasPlace, readProfiles } from './profile-list.ts'
import { prudentStore } from './prudent-store.ts'
import { readServerUrl } from './server-url.ts'

/** A session that is ready for use. */
export interface Session {
  url: string
  manager: TokenManager
  /** Sends the CLI's own requests with the headers of a gateway. Absent: no gateway. */
  fetch?: typeof fetch
  /** The NocoDB client, if the server is NocoDB. */
  noco?: NocoDB
}

/** The session that the user chose on the command line. */
export interface SessionOptions extends Allowances {
  session?: string
}

/**
 * Returns the session for a command: the one that `--session` names, else the one that the environment describes
 * (`NOCODB_URL` and others, as for `nocodbFromEnv`), else the current one.
 *
 * @throws The store's error when it cannot be read, so that the command does not report the user as signed out.
 */
export async function useSession(options: SessionOptions): Promise<Session> {
  if (usesEnvironment(options)) return warned(await fromEnvironment(options))
  return useSaved(await selectProfile(options), options)
}

/**
 * Opens a saved session.
 *
 * @throws The store's error when it cannot be read.
 */
export async function useSaved(profile: Profile, allowances: Allowances): Promise<Session> {
  const store = await openStore(profile.store)
  await store.getToken(profile.name)
  return warned(await openSession(profile, store, allowances))
}

/** Whether the environment's credentials are used: they are set, and `--session` is not. */
export const usesEnvironment = ({ session }: SessionOptions): boolean =>
  session === undefined && hasCredentials()

/** Whether the environment names a server and holds credentials for it. */
export const hasCredentials = (): boolean =>
  Boolean(
    env['NOCODB_URL'] &&
      (env['NOCODB_API_TOKEN'] || (env['NOCODB_EMAIL'] && env['NOCODB_PASSWORD'])),
  )

/** Returns the saved session that `--session` names, else one at `NOCODB_URL`, else the current one. */
export async function selectProfile({ session }: SessionOptions): Promise<Profile> {
  const profiles = await readProfiles()
  if (session !== undefined) return chooseProfile(profiles, session)
  return env['NOCODB_URL'] ? ofServer(profiles, env['NOCODB_URL']) : currentProfile(profiles)
}

/** Chooses among the sessions at `NOCODB_URL` only. A session at another server never replaces that variable. */
function ofServer({ current, sessions }: Profiles, given: string): Profile {
  const url = readServerUrl(given, { allowInsecure: true, isNocoDB: true, variable: 'NOCODB_URL' })
  const user = env['NOCODB_EMAIL']?.toLowerCase()
  const there = sessions.filter(
    (one) => one.url === url && (!user || one.user.toLowerCase() === user),
  )
  if (there.length > 0) return currentProfile({ ...(current && { current }), sessions: there })
  const who = user ? ` as ${user}` : ''
  throw new Failure(
    ExitCode.signedOut,
    `You are not signed in to ${url}${who}, as the environment asks. Run: latchkey sign-in ${url}${mayCarrySecrets(new URL(url)) ? '' : ' --allow-insecure'}`,
  )
}

/** Opens the session of a profile, without a request to its server. */
export async function openSession(
  saved: Profile,
  kept: TokenStore,
  allowances: Allowances,
): Promise<Session> {
  const { url } = saved
  const profile = allowsInsecure(allowances) ? { ...saved, allowInsecure: true as const } : saved
  const store = prudentStore(kept, profile.service === 'oauth' && profile.by === undefined)
  const fetch = gatewayFetch(await keptHeaders(profile, kept), addressesOf(profile))
  const way = { ...(fetch && { fetch }) }
  switch (profile.service) {
    case 'nocodb': {
      const noco = await (await import('./services/nocodb.ts')).open(profile, store, way)
      return { url, noco, manager: noco, ...way }
    }
    case 'oauth': {
      const manager = await (await import('./services/oauth.ts')).open(profile, store, way)
      return { url, manager, ...way }
    }
    case 'jwt':
      return { url, manager: (await import('./services/jwt.ts')).open(profile, store, way), ...way }
  }
}

/** Opens the store itself, without the checks of prudentStore(). */
export async function openStore(kind: StoreKind): Promise<TokenStore> {
  if (kind === 'keychain') return (await import('@latchkey/stores/keychain')).keychainStore()
  return (await import('@latchkey/stores/file')).fileStore()
}

/** Opens the environment's session. An API token needs no store. A password's session is saved for later commands. */
async function fromEnvironment(options: Allowances): Promise<Session> {
  const { nocodbFromEnv } = await import('@latchkey/nocodb')
  const allowInsecure = allowsInsecure(options)
  const url = readServerUrl(env['NOCODB_URL'] ?? '', {
    isNocoDB: true,
    allowInsecure,
    variable: 'NOCODB_URL',
    secret: env['NOCODB_API_TOKEN'] ? 'API token' : 'password and the token',
  })
  const said = { ...env, NOCODB_URL: url }
  const fetch = gatewayFetch(headersOfEnvironment(), [url])
  const more = { ...(allowInsecure && { allowInsecure }), ...(fetch && { fetch }) }
  const noco = env['NOCODB_API_TOKEN']
    ? nocodbFromEnv(said, more)
    : nocodbFromEnv(said, {
        ...more,
        ...(await placeInStore({ url, user: env['NOCODB_EMAIL'] ?? '' })),
      })
  return { url, noco, manager: noco, ...(fetch && { fetch }) }
}

/**
 * Returns the store and the name for this user's session. It never takes the name of another user's session. Without
 * a usable place (no home, another user's directory, a damaged list), the session lasts as long as the command.
 */
async function placeInStore(about: { url: string; user: string }) {
  if (!hasPlace()) return { store: memoryStore() }
  try {
    const profiles = await readProfiles()
    const { store } = findProfile(profiles, about) ?? { store: 'file' }
    return { name: nameOf(profiles, about), store: prudentStore(await openStore(store), true) }
  } catch (error) {
    sayFailure(error)
    return { store: memoryStore() }
  }
}

/** Reports a failing store on stderr. This command still succeeds, but later commands may need a sign-in. */
function warned(session: Session): Session {
  session.manager.on('storeFailed', ({ error }) => sayFailure(error))
  return session
}
