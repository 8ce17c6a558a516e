import process from 'node:process'
import type { TokenSet, TokenStore } from '@latchkey/core'
import { ExitCode } from '../exit-code.ts'
import { tellFailure } from '../failure.ts'
import { isNever } from '../instants.ts'
import { chooseProfile, type Profile, type StoreKind } from '../profile.ts'
import { hasPlace, readProfiles } from '../profile-list.ts'
import { hasCredentials, openStore, type SessionOptions } from '../session.ts'
import { oneLine, print, printJson, say, table } from '../terminal.ts'

/** State of one session, without asking its server. */
interface SessionStatus {
  name: string
  current: boolean
  service: Profile['service']
  url: string
  user: string
  store: StoreKind
  /** When the access token expires, in epoch milliseconds. Absent: unknown, or never. */
  expiresAt?: number | undefined
  /** Whether a new token can be obtained without signing in again. */
  renewable: boolean
  /** Whether the store holds the session. */
  signedIn: boolean
  /** Why the store could not be read. */
  problem?: string
}

/** Prints for each session the server, the user, when its token expires, and whether it can be renewed. */
export async function status(options: SessionOptions & { json?: boolean }): Promise<void> {
  const isByEnvironment = hasCredentials()
  const profiles = isByEnvironment && !hasPlace() ? { sessions: [] } : await readProfiles()
  const chosen =
    options.session === undefined ? profiles.sessions : [chooseProfile(profiles, options.session)]
  const open = storesOnce()
  const sessions: SessionStatus[] = []
  for (const profile of chosen) {
    sessions.push(await statusOf(profile, profile.name === profiles.current, open))
  }
  if (sessions.some(({ problem }) => problem !== undefined)) process.exitCode = ExitCode.store
  if (options.json) return printJson(sessions)
  if (isByEnvironment)
    say('NOCODB_URL is set, so commands use the environment and not these sessions.')
  if (sessions.length === 0) {
    return isByEnvironment ? undefined : say('You are not signed in. Run: latchkey sign-in')
  }
  print(chosen.map((profile, at) => tell(profile, sessions[at])).join('\n\n'))
}

/** Opens each store only once, so that a locked keychain asks for its password once. */
function storesOnce(): (kind: StoreKind) => Promise<TokenStore> {
  const stores = new Map<StoreKind, Promise<TokenStore>>()
  return (kind) => {
    const store = stores.get(kind) ?? openStore(kind)
    stores.set(kind, store)
    return store
  }
}

async function statusOf(
  profile: Profile,
  current: boolean,
  open: (kind: StoreKind) => Promise<TokenStore>,
): Promise<SessionStatus> {
  const { name, service, url, user, store } = profile
  const about = { name, current, service, url, user, store }
  try {
    const tokens = (await (await open(store)).getToken(name)) ?? undefined
    const renewable = tokens !== undefined && isRenewable(profile, tokens)
    return { ...about, expiresAt: tokens?.expiresAt, renewable, signedIn: tokens !== undefined }
  } catch (error) {
    return { ...about, renewable: false, signedIn: false, problem: tellFailure(error) }
  }
}

function isRenewable(
  profile: Profile,
  { refreshToken, refreshExpiresAt = Infinity }: TokenSet,
): boolean {
  if (profile.service === 'oauth' && profile.by === undefined) return true // by the client's secret
  if (profile.service === 'jwt' && profile.refreshPath === undefined) return false
  return refreshToken !== undefined && refreshExpiresAt > Date.now()
}

function tell(profile: Profile, session: SessionStatus | undefined): string {
  const { name, url, user, store } = profile
  const facts = table([
    ['    server', url],
    ['    user', user],
    ['    store', store],
    ...(session ? stateOf(profile, session) : []),
  ])
  return `${session?.current ? '*' : ' '} ${oneLine(name)}\n${facts}`
}

function stateOf(profile: Profile, session: SessionStatus): string[][] {
  const { expiresAt, renewable, signedIn, problem } = session
  if (problem !== undefined) return [['    state', problem]]
  if (!signedIn) return [['    state', 'signed out; run: latchkey sign-in']]
  if (profile.service === 'nocodb' && profile.apiToken) {
    return [['    expires', 'when the API token is deleted']]
  }
  return [
    ['    expires', tellInstant(expiresAt)],
    ['    renewable', renewable ? 'yes' : 'no; sign in again when it expires'],
  ]
}

function tellInstant(at: number | undefined): string {
  if (at === undefined) return 'unknown'
  if (isNever(at)) return 'never'
  return `${new Date(at).toISOString()}${at < Date.now() ? ' (expired)' : ''}`
}
