import { stdin } from 'node:process'
import { text as readAll } from 'node:stream/consumers'
import { freshCredential } from '../fresh-credential.ts'
import { isNever } from '../instants.ts'
import { chooseProfile, type Profile } from '../profile.ts'
import { readProfiles } from '../profile-list.ts'
import { type Session, type SessionOptions, useSaved } from '../session.ts'
import { print } from '../terminal.ts'

/** The fields of git's question that matter here. */
interface Asked {
  /** Scheme, host and port of the server. */
  origin: string | undefined
  username: string | undefined
  /** The credential that the server rejected, if git asks to erase it. */
  refused: string | undefined
  /** Whether git (2.46 or newer) can send `Authorization: Bearer`, and the server asks for it. */
  isBearer: boolean
}

/** The user name that most servers expect with a token as the password. git's configuration may set another. */
const USERNAME = 'oauth2'

/**
 * Answers one call of git's credential protocol (gitcredentials(7)). A token is returned only for the server of its
 * session. For any other server nothing is printed, so that git asks its next helper.
 */
export async function gitCredential(operation: string, options: SessionOptions): Promise<void> {
  if (operation !== 'get' && operation !== 'erase') return // `store`: the session is saved already
  const asked = readQuestion(await readAll(stdin))
  const profile = await sessionFor(asked, options)
  if (!profile) return
  const session = await useSaved(profile, options)
  return operation === 'get' ? answer(session, asked) : replaceRefused(session, asked)
}

/** Parses lines `key=value`. A key with `[]` may occur several times. */
function readQuestion(text: string): Asked {
  const pairs = text.split(/\r?\n/).map((line) => {
    const at = line.indexOf('=')
    return [line.slice(0, at), line.slice(at + 1)] as const
  })
  const first = (wanted: string) => pairs.find(([key]) => key === wanted)?.[1]
  const some = (wanted: string, pattern: RegExp) =>
    pairs.some(([key, value]) => key === wanted && pattern.test(value))
  return {
    origin: URL.parse(`${first('protocol')}://${first('host')}`)?.origin,
    username: first('username'),
    refused: first('password') ?? first('credential'),
    isBearer: some('capability[]', /^authtype$/) && some('wwwauth[]', /^bearer\b/i),
  }
}

/** Chooses among the sessions at the server: the one with git's user name, else the current one, else the newest. */
async function sessionFor(
  { origin, username }: Asked,
  { session }: SessionOptions,
): Promise<Profile | undefined> {
  const profiles = await readProfiles()
  const chosen = session === undefined ? profiles.sessions : [chooseProfile(profiles, session)]
  const there = chosen.filter(({ url }) => URL.parse(url)?.origin === origin)
  return (
    there.find(({ user }) => user.toLowerCase() === username?.toLowerCase()) ??
    there.find(({ name }) => name === profiles.current) ??
    there.at(-1)
  )
}

async function answer(session: Session, { username, isBearer }: Asked): Promise<void> {
  const { token, expiresAt } = await freshCredential(session)
  const credential = isBearer
    ? ['capability[]=authtype', 'authtype=Bearer', `credential=${token}`, 'ephemeral=1']
    : [`username=${username ?? USERNAME}`, `password=${token}`]
  const isKnown = expiresAt !== undefined && !isNever(expiresAt)
  const expiry = isKnown ? [`password_expiry_utc=${seconds(expiresAt)}`] : []
  print([...credential, ...expiry].join('\n'))
}

const seconds = (ms: number) => Math.floor(ms / 1000)

/** Renews the token that the server rejected, unless another process has renewed it since. */
async function replaceRefused({ manager }: Session, { refused }: Asked): Promise<void> {
  const { accessToken } = await manager.getTokens()
  if (accessToken === refused) await manager.refresh()
}
