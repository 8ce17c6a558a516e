import { ExitCode } from './exit-code.ts'
import { Failure } from './failure.ts'

/** Which store holds a session's tokens. */
export type StoreKind = 'file' | 'keychain'

interface ProfileBase {
  /** The session's name in its store. A program that passes it as `name` uses the same session. */
  name: string
  /** The server's base URL. */
  url: string
  store: StoreKind
  /** The user who signed in. */
  user: string
  /** The user accepted plain http to another machine. */
  allowInsecure?: true
  /** A gateway in front of the server needs headers with every request. The store holds them beside the session. */
  headers?: true
}

export interface NocoDBProfile extends ProfileBase {
  service: 'nocodb'
  apiToken?: true
}

export interface OAuthProfile extends ProfileBase {
  service: 'oauth'
  clientId: string
  issuer?: string
  tokenEndpoint?: string
  scope?: string
  /** How the user signed in. Absent: the client's own session, which gets each token by the client secret. */
  by?: 'browser' | 'device' | 'refresh-token'
  /** With `by`: the client does not have a secret. */
  publicClient?: true
}

export interface JwtProfile extends ProfileBase {
  service: 'jwt'
  signInPath: string
  refreshPath?: string
}

/** A saved session without its secrets. */
export type Profile = NocoDBProfile | OAuthProfile | JwtProfile

/** All saved sessions, and the name of the one that commands use by default. */
export interface Profiles {
  current?: string
  sessions: Profile[]
}

/** Fields that a profile must have besides `name`, `url` and `user`. */
const required: Record<Profile['service'], readonly string[]> = {
  nocodb: [],
  oauth: ['clientId'],
  jwt: ['signInPath'],
}

/** Whether `value` is a valid profile. An unknown store or service is invalid. */
export function isProfile(value: unknown): value is Profile {
  const fields = (value ?? {}) as Record<string, unknown>
  const { service, store } = fields
  if (typeof service !== 'string' || !Object.hasOwn(required, service)) return false
  if (store !== 'file' && store !== 'keychain') return false
  const names = ['name', 'url', 'user', ...required[service as Profile['service']]]
  return names.every((name) => typeof fields[name] === 'string')
}

/** Name in the store of a session's headers. */
export const headersName = (name: string): string => `${name} (headers)`

/** Name in the store of an OAuth session's client secret, which every renewal needs. */
export const secretName = (name: string): string => `${name} (client secret)`

/** Returns the names of all entries that a session has in its store. */
export function entriesOf(profile: Profile): string[] {
  const { name, service, headers } = profile
  const hasSecret = service === 'oauth' && !profile.publicClient
  return [name, ...(hasSecret ? [secretName(name)] : []), ...(headers ? [headersName(name)] : [])]
}

/** Finds the saved session of a user at a server. Upper and lower case in `user` are the same. */
export function findProfile(
  { sessions }: Profiles,
  { url, user }: Pick<Profile, 'url' | 'user'>,
): Profile | undefined {
  return sessions.find((one) => one.url === url && one.user.toLowerCase() === user.toLowerCase())
}

/**
 * Returns the name of a session in its store. A user who signs in again keeps the name. The first session at a server
 * has the URL as its name, so that `nocodb({ baseUrl, store })` finds it. Further users have `URL#user`.
 */
export function nameOf(profiles: Profiles, about: Pick<Profile, 'url' | 'user'>): string {
  const { url, user } = about
  const isTaken = profiles.sessions.some(({ name }) => name === url)
  return findProfile(profiles, about)?.name ?? (isTaken ? `${url}#${user}` : url)
}

/** Returns the session that commands use by default: the current one, or the only one. */
export function currentProfile({ current, sessions }: Profiles): Profile {
  const [only, ...more] = sessions
  const found =
    sessions.find(({ name }) => name === current) ?? (more.length === 0 ? only : undefined)
  if (found) return found
  if (!only) throw new Failure(ExitCode.signedOut, 'You are not signed in. Run: latchkey sign-in')
  throw new Failure(
    ExitCode.usage,
    'You have several sessions, and none is the current one. Choose one: latchkey use <session>',
  )
}

/**
 * Finds the session that the user means by `wanted`: by its name, else by its URL or user, else by a part of these
 * that fits only one session. Upper and lower case are the same.
 */
export function chooseProfile({ sessions }: Profiles, wanted: string): Profile {
  const text = wanted.trim().replace(/\/+$/, '').toLowerCase()
  if (!text) throw new Failure(ExitCode.usage, 'The name of the session is empty.')
  const texts = ({ name, url, user }: Profile) => [name, url, user].map((one) => one.toLowerCase())
  const found = [
    sessions.filter(({ name }) => name === wanted || name.toLowerCase() === text),
    sessions.filter((one) => texts(one).includes(text)),
    sessions.filter((one) => texts(one).some((part) => part.includes(text))),
  ].find((some) => some.length > 0)
  const [one, ...more] = found ?? []
  if (!one) {
    // The message leaves out `wanted`: it may be a misplaced secret, or a URL with a password.
    throw new Failure(
      ExitCode.signedOut,
      'Unknown session. See your sessions with: latchkey status',
    )
  }
  if (more.length === 0) return one
  const names = [one, ...more].map(({ name }) => `"${name}"`).join(' or ')
  throw new Failure(ExitCode.usage, `Several sessions match: ${names}. Give more of the name.`)
}
