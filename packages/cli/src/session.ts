import { env } from 'node:process'
import type { TokenManager, TokenStore } from '@latchkey/core'
import type { NocoDB } from '@latchkey/nocodb'
import { chooseProfile, type Profile, readProfiles, type StoreKind } from './profile.ts'

/** A session ready for use. */
export interface Session {
  /** What is known of it; absent when the environment says who signs in. */
  profile?: Profile
  url: string
  manager: TokenManager
  /** The whole account, where the server is NocoDB. */
  noco?: NocoDB
}

/** Who is asked for, on the command line. */
export interface SessionOptions {
  session?: string
}

/**
 * The session that a command is about: the one asked for; else the one the environment describes
 * (`NOCODB_URL` and its like, as `nocodbFromEnv`); else the current one.
 */
export async function useSession({ session: wanted }: SessionOptions): Promise<Session> {
  if (wanted === undefined && hasCredentials()) return fromEnvironment()
  return openSession(chooseProfile(await readProfiles(), wanted))
}

/** Whether the environment names a server and who signs in there. */
export const hasCredentials = (): boolean =>
  Boolean(env['NOCODB_URL'] && (env['NOCODB_API_TOKEN'] || env['NOCODB_EMAIL']))

/** The session that a profile tells of, without asking its server anything. */
export async function openSession(profile: Profile): Promise<Session> {
  const store = await openStore(profile.store)
  const about = { profile, url: profile.url }
  switch (profile.service) {
    case 'nocodb': {
      const noco = await (await import('./services/nocodb.ts')).open(profile, store)
      return { ...about, noco, manager: noco }
    }
    case 'oauth':
      return { ...about, manager: await (await import('./services/oauth.ts')).open(profile, store) }
    case 'jwt':
      return { ...about, manager: (await import('./services/jwt.ts')).open(profile, store) }
  }
}

/** The store itself, for commands that look into it. */
export async function openStore(kind: StoreKind): Promise<TokenStore> {
  if (kind === 'keychain') return (await import('@latchkey/stores/keychain')).keychainStore()
  return (await import('@latchkey/stores/file')).fileStore()
}

async function fromEnvironment(): Promise<Session> {
  const { nocodbFromEnv } = await import('@latchkey/nocodb')
  // The store spares every command a sign-in of its own.
  const noco = nocodbFromEnv(env, { store: await openStore('file') })
  return { url: env['NOCODB_URL'] ?? '', manager: noco, noco }
}
