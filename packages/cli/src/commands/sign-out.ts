import process from 'node:process'
import type { TokenStore } from '@latchkey/core'
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

/** Ends saved sessions, at their servers and here. One that fails does not keep the others from ending. */
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
  const failure = isOnlyOurs ? undefined : await endAtServer(profile, store, options)
  for (const entry of entriesOf(profile)) await store.removeToken(entry)
  await dropProfile(name)
  if (failure) throw failure
  if (isApiToken) return say(`Forgotten here: ${name}. The API token itself still works.`)
  if (isLocal) return say(`Forgotten here: ${name}. At the server the session lives on.`)
  const all = profile.service === 'nocodb' ? ' NocoDB has ended all of this user’s sessions.' : ''
  say(`Signed out of ${url}.${all}`)
}

/** Gives why the server could not be told. The session is forgotten here all the same. */
async function endAtServer(
  profile: Profile,
  store: TokenStore,
  options: SignOutOptions,
): Promise<Failure | undefined> {
  try {
    await store.getToken(profile.name) // what cannot be read cannot be ended there
    const { manager } = await openSession(profile, store, options)
    manager.on('storeFailed', () => undefined) // what cannot be removed is told below
    await manager.signOut()
    return undefined
  } catch (error) {
    if (exitCodeOf(error) === ExitCode.signedOut) return undefined // there is nothing left to end
    return new Failure(
      exitCodeOf(error),
      `The session "${profile.name}" is forgotten here, but its server may not know.`,
      { cause: error },
    )
  }
}
