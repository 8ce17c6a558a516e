import process from 'node:process'
import type { TokenManager, TokenStore } from '@latchkey/core'
import { ExitCode } from '../exit-code.ts'
import { exitCodeOf, Failure, sayFailure } from '../failure.ts'
import { entriesOf, type Profile } from '../profile.ts'
import { dropProfile, readProfiles } from '../profile-list.ts'
import { openSession, openStore, selectProfile, type SessionOptions } from '../session.ts'
import { say } from '../terminal.ts'

export interface SignOutOptions extends SessionOptions {
  /** Every saved session. */
  all?: boolean
  /** Forgets the session here and leaves the server alone. */
  local?: boolean
}

/** Ends saved sessions, at their servers and here. If one fails, the others are still ended. */
export async function signOut(options: SignOutOptions): Promise<void> {
  const chosen = options.all ? (await readProfiles()).sessions : [await selectProfile(options)]
  const failures: unknown[] = []
  for (const profile of chosen) {
    await endSession(profile, options).catch((error) => failures.push(error))
  }
  failures.forEach(sayFailure)
  if (failures.length > 0) process.exitCode = exitCodeOf(failures[0])
}

async function endSession(profile: Profile, options: SignOutOptions): Promise<void> {
  const isLocal = options.local === true
  const { name, url, store: kind } = profile
  const store = await openStore(kind)
  const isApiToken = profile.service === 'nocodb' && profile.apiToken === true
  const isOnlyOurs = isLocal || isApiToken
  const { failure, url: page }: Ended = isOnlyOurs ? {} : await endAtServer(profile, store, options)
  for (const entry of entriesOf(profile)) await store.removeToken(entry)
  await dropProfile(name)
  if (failure) throw failure
  if (isApiToken) return say(`Forgotten here: ${name}. The API token still works at the server.`)
  if (isLocal) return say(`Forgotten here: ${name}. The session goes on at the server.`)
  const all = profile.service === 'nocodb' ? ' NocoDB has ended all of this user’s sessions.' : ''
  say(`Signed out of ${url}.${all}`)
  if (page)
    say('The browser may still be signed in at the server. To end that as well, open:', page)
}

/** Result of a sign-out at the server. */
interface Ended {
  /** Why the server was not told. The session is forgotten here all the same. */
  failure?: Failure
  /** Page where the user signs out of the server's own website. */
  url?: string | undefined
}

async function endAtServer(
  profile: Profile,
  store: TokenStore,
  options: SignOutOptions,
): Promise<Ended> {
  try {
    await store.getToken(profile.name) // throws if it cannot be read, and then it cannot be ended at the server
    const { manager } = await openSession(profile, store, options)
    manager.on('storeFailed', () => undefined) // endSession() removes the entries itself, and that reports the failure
    if (profile.service === 'oauth' && profile.by) return { url: await endPerson(manager) }
    await manager.signOut()
    return {}
  } catch (error) {
    if (exitCodeOf(error) === ExitCode.signedOut) return {} // there is nothing left to end
    const message = `The session "${profile.name}" is forgotten here, but its server may not know.`
    return { failure: new Failure(exitCodeOf(error), message, { cause: error }) }
  }
}

/** Removes the ID token from the URL, because the URL is printed. The server then asks the user to confirm. */
async function endPerson(manager: TokenManager): Promise<string | undefined> {
  const { startSignOut } = await import('@latchkey/oauth')
  const { url } = await startSignOut(manager)
  if (url === undefined) return undefined
  const shown = new URL(url)
  shown.searchParams.delete('id_token_hint')
  return shown.href
}
