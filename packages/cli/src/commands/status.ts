import type { TokenSet } from '@latchkey/core'
import { chooseProfile, type Profile, readProfiles } from '../profile.ts'
import { hasCredentials, openStore, type SessionOptions } from '../session.ts'
import { tellFailure } from '../failure.ts'
import { print, printJson, say, table } from '../terminal.ts'

/** One session, as far as can be told without asking its server. */
interface SessionStatus {
  name: string
  current: boolean
  service: Profile['service']
  url: string
  user?: string | undefined
  store: Profile['store']
  /** When the access token expires; absent when nobody knows. */
  expiresAt?: string | undefined
  /** Whether a new token can be had without signing in again. */
  renewable: boolean
  /** Whether there is a session in the store at all. */
  signedIn: boolean
  problem?: string
}

/** Tells who is signed in where, until when, and whether it goes on after that. */
export async function status(options: SessionOptions & { json?: boolean }): Promise<void> {
  const profiles = await readProfiles()
  const chosen =
    options.session === undefined ? profiles.sessions : [chooseProfile(profiles, options.session)]
  const sessions = await Promise.all(
    chosen.map((profile) => statusOf(profile, profile.name === profiles.current)),
  )
  if (options.json) return printJson(sessions)
  if (hasCredentials()) say('NOCODB_URL is set: commands use the environment, not these sessions.')
  if (sessions.length === 0) return say('You are not signed in. Run: latchkey sign-in')
  print(sessions.map(tell).join('\n\n'))
}

async function statusOf(profile: Profile, current: boolean): Promise<SessionStatus> {
  const { name, service, url, user, store } = profile
  const about = { name, current, service, url, user, store }
  try {
    const tokens = (await (await openStore(store)).getToken(name)) ?? undefined
    const { expiresAt, renewable } = tokens ? lifeOf(profile, tokens) : {}
    return {
      ...about,
      expiresAt: instant(expiresAt),
      renewable: renewable ?? false,
      signedIn: tokens !== undefined,
    }
  } catch (error) {
    return { ...about, renewable: false, signedIn: false, problem: tellFailure(error) }
  }
}

function lifeOf(
  profile: Profile,
  { refreshToken, expiresAt, refreshExpiresAt = Infinity }: TokenSet,
) {
  const hasSecret = profile.service === 'oauth'
  const renewable = hasSecret || (refreshToken !== undefined && refreshExpiresAt > Date.now())
  return { expiresAt, renewable }
}

function tell(session: SessionStatus): string {
  const { name, current, url, user, store, expiresAt, renewable, signedIn, problem } = session
  const life =
    expiresAt === undefined
      ? 'unknown'
      : `${expiresAt}${Date.parse(expiresAt) < Date.now() ? ' (over)' : ''}`
  const facts = table([
    ['    server', url],
    ...(user === undefined ? [] : [['    user', user]]),
    ['    store', store],
    ...(signedIn
      ? [
          ['    expires', life],
          ['    renewable', renewable ? 'yes' : 'no: then sign in again'],
        ]
      : [['    state', problem ?? 'signed out: run latchkey sign-in']]),
  ])
  return `${current ? '*' : ' '} ${name}\n${facts}`
}

const instant = (at: number | undefined): string | undefined =>
  at === undefined ? undefined : new Date(at).toISOString()
