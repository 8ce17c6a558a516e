import { ExitCode } from './exit-code.ts'
import { Failure } from './failure.ts'

/** Which store holds a session's tokens. */
export type StoreKind = 'file' | 'keychain'

interface ProfileBase {
  /** The session's name in its store: what a program gives as `name` to go on with it. */
  name: string
  /** The server's base URL. */
  url: string
  store: StoreKind
  /** Who signed in. */
  user: string
  /** Plain http beyond this machine was accepted. */
  allowInsecure?: true
  /** A gateway before the server wants headers with every request: they lie beside the session. */
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
  /** A person's session, and how it began. Absent: the client's own, whose secret gives every token. */
  by?: 'browser' | 'device' | 'refresh-token'
  /** With `by`: the client has no secret. */
  publicClient?: true
}

export interface JwtProfile extends ProfileBase {
  service: 'jwt'
  signInPath: string
  refreshPath?: string
}

/** A session that was signed in to: everything but its secrets. */
export type Profile = NocoDBProfile | OAuthProfile | JwtProfile

/** All of them, and which one is meant when nothing is said. */
export interface Profiles {
  current?: string
  sessions: Profile[]
}

/** What a profile must have besides its `name`, `url` and `user`. */
const required: Record<Profile['service'], readonly string[]> = {
  nocodb: [],
  oauth: ['clientId'],
  jwt: ['signInPath'],
}

/** Whether this is a profile of ours. One of an unknown store or service must not pass for another's. */
export function isProfile(value: unknown): value is Profile {
  const fields = (value ?? {}) as Record<string, unknown>
  const { service, store } = fields
  if (typeof service !== 'string' || !Object.hasOwn(required, service)) return false
  if (store !== 'file' && store !== 'keychain') return false
  const names = ['name', 'url', 'user', ...required[service as Profile['service']]]
  return names.every((name) => typeof fields[name] === 'string')
}

/** Under which name a session's headers lie beside it. */
export const headersName = (name: string): string => `${name} (headers)`

/** Under which name an OAuth session's client secret lies beside it: every new token takes it. */
export const secretName = (name: string): string => `${name} (client secret)`

/** The names of everything that a session has in its store. */
export function entriesOf(profile: Profile): string[] {
  const { name, service, headers } = profile
  const hasSecret = service === 'oauth' && !profile.publicClient
  return [name, ...(hasSecret ? [secretName(name)] : []), ...(headers ? [headersName(name)] : [])]
}

/** The saved session of a user at a server. E-mail addresses are the same in any case. */
export function findProfile(
  { sessions }: Profiles,
  { url, user }: Pick<Profile, 'url' | 'user'>,
): Profile | undefined {
  return sessions.find((one) => one.url === url && one.user.toLowerCase() === user.toLowerCase())
}

/**
 * What a session is called in its store. A user's keeps its name; the first one of a server has the URL,
 * so that `nocodb({ baseUrl, store })` finds it; another user's has the user's name as well.
 */
export function nameOf(profiles: Profiles, about: Pick<Profile, 'url' | 'user'>): string {
  const { url, user } = about
  const isTaken = profiles.sessions.some(({ name }) => name === url)
  return findProfile(profiles, about)?.name ?? (isTaken ? `${url}#${user}` : url)
}

/** The session that is meant when nothing is said. */
export function currentProfile({ current, sessions }: Profiles): Profile {
  const [only, ...more] = sessions
  const found =
    sessions.find(({ name }) => name === current) ?? (more.length === 0 ? only : undefined)
  if (found) return found
  if (!only) throw new Failure(ExitCode.signedOut, 'You are not signed in. Run: latchkey sign-in')
  throw new Failure(
    ExitCode.usage,
    'There are several sessions, and none is the current one. Choose one: latchkey use <session>',
  )
}

/**
 * The session somebody means by `wanted`: its name; else its URL or user; else a part of these that only
 * one has. Upper and lower case are the same.
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
    // Not repeated: it may be a secret in the wrong place, or a URL with a password.
    throw new Failure(ExitCode.signedOut, 'There is no such session. See: latchkey status')
  }
  if (more.length === 0) return one
  const names = [one, ...more].map(({ name }) => `"${name}"`).join(' or ')
  throw new Failure(
    ExitCode.usage,
    `Several sessions match. It may be ${names}: give more of the name.`,
  )
}
