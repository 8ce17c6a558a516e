import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { fileStore, fileStoreDirectory } from '@latchkey/stores/file'
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
  /** Who signed in, where somebody said so. */
  user?: string
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

const path = () => join(fileStoreDirectory(), 'sessions.json')

/** The sessions that were signed in to. None when there are none yet. */
export async function readProfiles(): Promise<Profiles> {
  const text = await readFile(path(), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw new Failure(ExitCode.store, `The list of sessions, ${path()}, cannot be read.`, {
      cause: error,
    })
  })
  if (text === undefined) return { sessions: [] }
  try {
    const { current, sessions } = JSON.parse(text) as Profiles
    return { ...(current !== undefined && { current }), sessions: sessions.filter(isProfile) }
  } catch {
    throw new Failure(
      ExitCode.store,
      `The list of sessions, ${path()}, is damaged. Remove it and sign in again; nothing else is lost.`,
    )
  }
}

/** Changes the list, one process after the other. */
export function changeProfiles(change: (profiles: Profiles) => Profiles): Promise<void> {
  return withLock('latchkey sessions', async () => {
    const changed = change(await readProfiles())
    const temporary = `${path()}.${randomUUID()}`
    await mkdir(fileStoreDirectory(), { recursive: true, mode: 0o700 })
    try {
      await writeFile(temporary, `${JSON.stringify(changed, null, 2)}\n`, {
        mode: 0o600,
        flag: 'wx',
      })
      await chmod(temporary, 0o600)
      await rename(temporary, path())
    } catch (error) {
      await rm(temporary, { force: true })
      throw new Failure(ExitCode.store, `The list of sessions, ${path()}, cannot be written.`, {
        cause: error,
      })
    }
  })
}

/** Adds a session, or replaces the one of its name, and makes it the current one. */
export function keepProfile(profile: Profile): Promise<void> {
  return changeProfiles(({ sessions }) => ({
    current: profile.name,
    sessions: [...sessions.filter(({ name }) => name !== profile.name), profile],
  }))
}

/**
 * What a new session is called in its store. The first one of a server has its URL as a name, so that
 * `nocodb({ baseUrl, store })` finds it; another user's has the user's name as well.
 */
export async function freeName(
  url: string,
  user: string,
  asked: string | undefined,
): Promise<string> {
  if (asked !== undefined) return asked
  const { sessions } = await readProfiles()
  const taken = sessions.find(({ name }) => name === url)
  return taken === undefined || taken.user === user ? url : `${url}#${user}`
}

/** Takes a session off the list. Another one becomes current when it was. */
export function dropProfile(name: string): Promise<void> {
  return changeProfiles(({ current, sessions }) => {
    const rest = sessions.filter((profile) => profile.name !== name)
    const next = current === name ? rest.at(-1)?.name : current
    return { ...(next !== undefined && { current: next }), sessions: rest }
  })
}

/**
 * The session somebody means by `wanted`: its name, its URL, its user, or a part that only one has.
 * Nothing: the current one.
 */
export function chooseProfile({ current, sessions }: Profiles, wanted?: string): Profile {
  const found =
    wanted === undefined
      ? sessions.filter(({ name }) => name === current)
      : matching(sessions, wanted)
  const [one, ...more] = found
  if (one && more.length === 0) return one
  if (one) {
    throw new Failure(
      ExitCode.usage,
      `"${wanted}" may be ${found.map(({ name }) => `"${name}"`).join(' or ')}. Say which with --session.`,
    )
  }
  if (wanted === undefined)
    throw new Failure(ExitCode.signedOut, 'You are not signed in. Run: latchkey sign-in')
  throw new Failure(ExitCode.signedOut, `There is no session "${wanted}". See: latchkey status`)
}

function matching(sessions: Profile[], wanted: string): Profile[] {
  const exact = sessions.filter(({ name }) => name === wanted)
  if (exact.length > 0) return exact
  return sessions.filter(({ name, url, user }) =>
    [name, url, user].some((text) => text?.includes(wanted)),
  )
}

function withLock(name: string, run: () => Promise<void>): Promise<void> {
  const { lock } = fileStore()
  return lock ? lock(name, run) : run()
}

const isProfile = (value: unknown): value is Profile => {
  const { name, url, service, store } = (value ?? {}) as Partial<Profile>
  return [name, url, service, store].every((field) => typeof field === 'string')
}
