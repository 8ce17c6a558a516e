import { randomUUID } from 'node:crypto'
import { chmod, open, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { fileStore, fileStoreDirectory } from '@latchkey/stores/file'
import { ExitCode } from './exit-code.ts'
import { Failure } from './failure.ts'
import { OWNER_ADVICE as ADVICE, closedBy, otherOwner } from './ownership.ts'
import { isProfile, type Profile, type Profiles } from './profile.ts'

/** Version of the list. A list of a newer version is refused and left as it is. */
const LIST_VERSION = 1

/**
 * Returns the directory that holds the sessions and their list.
 *
 * @throws {Failure} When the environment does not name a directory of the user.
 */
export function sessionsDirectory(): string {
  try {
    return fileStoreDirectory()
  } catch {
    const names = process.platform === 'win32' ? 'LOCALAPPDATA' : 'HOME (or XDG_STATE_HOME)'
    throw new Failure(
      ExitCode.usage,
      `Sessions cannot be saved: no home directory is set. Set ${names} to a directory of your own.`,
    )
  }
}

/** Whether sessions can be saved: the environment names a home directory. */
export function hasPlace(): boolean {
  try {
    return sessionsDirectory() !== ''
  } catch {
    return false
  }
}

/** Reads the list of sessions. A missing list counts as empty. */
export async function readProfiles(): Promise<Profiles> {
  const path = listPath()
  const text = await readOwn(path)
  if (text === undefined) return { sessions: [] }
  const { version, current, sessions } = parse(text)
  if (typeof version === 'number' && version > LIST_VERSION) {
    throw storeFailure(
      `The list of sessions, ${path}, was written by a newer latchkey. To read it, update it: npm install --global @latchkey/cli`,
    )
  }
  if (version !== LIST_VERSION || !Array.isArray(sessions) || !sessions.every(isProfile)) {
    throw storeFailure(
      `The list of sessions, ${path}, is damaged. Remove that file and sign in again. Nothing else is lost.`,
    )
  }
  return { ...(typeof current === 'string' && { current }), sessions }
}

/** Adds a session and makes it the current one. Returns the session of the same name that it replaces, if any. */
export async function keepProfile(profile: Profile): Promise<Profile | undefined> {
  let replaced: Profile | undefined
  await changeProfiles(({ sessions }) => {
    replaced = sessions.find(({ name }) => name === profile.name)
    const others = sessions.filter(({ name }) => name !== profile.name)
    return { current: profile.name, sessions: [...others, profile] }
  })
  return replaced
}

/** Removes a session from the list. If it was the current one, the newest session becomes current. */
export function dropProfile(name: string): Promise<void> {
  return changeProfiles(({ current, sessions }) => {
    const rest = sessions.filter((profile) => profile.name !== name)
    const next = current === name ? rest.at(-1)?.name : current
    return { ...(next !== undefined && { current: next }), sessions: rest }
  })
}

/** Changes the list under a lock, so that processes take turns. The file is replaced as a whole. */
export async function changeProfiles(change: (profiles: Profiles) => Profiles): Promise<void> {
  const path = listPath()
  await fileStore().lock('latchkey sessions', async () => {
    const changed = { version: LIST_VERSION, ...change(await readProfiles()) }
    const temporary = `${path}.${randomUUID()}`
    try {
      const text = `${JSON.stringify(changed, null, 2)}\n`
      await writeFile(temporary, text, { mode: 0o600, flag: 'wx', flush: true })
      await chmod(temporary, 0o600) // a strict umask may have removed the owner's rights
      await rename(temporary, path)
    } catch (cause) {
      await rm(temporary, { force: true }).catch(() => undefined)
      throw storeFailure(`The list of sessions, ${path}, cannot be written.`, cause)
    }
  })
}

const listPath = () => join(sessionsDirectory(), 'sessions.json')

/**
 * Reads the text of the list, or `undefined` if the file does not exist. A list that another user could have written
 * is refused, because the list decides to which server a token is sent.
 */
async function readOwn(path: string): Promise<string | undefined> {
  for (const one of [sessionsDirectory(), path]) {
    const owner = await otherOwner(one, true)
    if (owner) throw storeFailure(`${one} belongs to ${owner}, so it is not trusted. ${ADVICE}.`)
  }
  try {
    const handle = await open(path)
    try {
      const { uid, mode } = await handle.stat()
      const isOwn = process.geteuid === undefined || (uid === process.geteuid() && !(mode & 0o022))
      if (isOwn) return await handle.readFile('utf8')
    } finally {
      await handle.close()
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined // the list does not exist
    const closed = code === 'EACCES' ? await closedBy(path) : undefined
    const why = closed ? ` ${closed}` : ''
    throw storeFailure(`The list of sessions, ${path}, cannot be read.${why}`, cause)
  }
  throw storeFailure(
    `Others can write the list of sessions, ${path}, so it is not trusted. Look at its contents. Then remove it, or run chmod 600 on it.`,
  )
}

function parse(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>
  } catch {
    return {}
  }
}

const storeFailure = (message: string, cause?: unknown) =>
  new Failure(ExitCode.store, message, cause === undefined ? {} : { cause })
