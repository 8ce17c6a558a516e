import type { TokenStore } from '@latchkey/core'
import { exitCodeOf } from '../failure.ts'
import { ExitCode } from '../exit-code.ts'
import { chooseProfile, dropProfile, type Profile, readProfiles } from '../profile.ts'
import { openSession, openStore, type SessionOptions } from '../session.ts'
import { expectStored } from '../sign-in-options.ts'
import { say } from '../terminal.ts'

export interface SignOutOptions extends SessionOptions {
  /** Every session on the list. */
  all?: boolean
  /** Forgets the session here and leaves the server alone. */
  local?: boolean
}

/** Ends sessions, at their servers and here. One that fails does not keep the others from ending. */
export async function signOut(options: SignOutOptions): Promise<void> {
  const profiles = await readProfiles()
  const chosen = options.all ? profiles.sessions : [chooseProfile(profiles, options.session)]
  const failures: unknown[] = []
  for (const profile of chosen) {
    await endSession(profile, options.local === true).catch((error) => failures.push(error))
  }
  if (failures.length > 0) throw failures[0]
}

async function endSession(profile: Profile, isLocal: boolean): Promise<void> {
  const { name, url, store: kind } = profile
  const store = await openStore(kind)
  const isApiToken = profile.service === 'nocodb' && profile.apiToken === true
  if (isLocal || isApiToken) await store.removeToken(name)
  else await endAtServer(profile)
  await forget(profile, store)
  if (isLocal) return say(`Forgotten here: ${name}. At the server the session lives on.`)
  if (isApiToken) return say(`Forgotten here: ${name}. The API token itself still works.`)
  const all = profile.service === 'nocodb' ? ' NocoDB has ended all of this user’s sessions.' : ''
  say(`Signed out of ${url}.${all}`)
}

async function endAtServer(profile: Profile): Promise<void> {
  const { manager } = await openSession(profile)
  try {
    await expectStored(manager, () => manager.signOut())
  } catch (error) {
    // Signed out here all the same: what could not be done is to tell the server.
    if (exitCodeOf(error) === ExitCode.unavailable) {
      await forget(profile, await openStore(profile.store))
    }
    throw error
  }
}

async function forget(profile: Profile, store: TokenStore): Promise<void> {
  if (profile.service === 'oauth') {
    const { secretName } = await import('../services/oauth.ts')
    await store.removeToken(secretName(profile.name))
  }
  await dropProfile(profile.name)
}
