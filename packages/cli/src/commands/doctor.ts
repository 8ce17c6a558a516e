import process, { env } from 'node:process'
import colors from 'picocolors'
import { ExitCode } from '../exit-code.ts'
import { tellFailure } from '../failure.ts'
import { chooseProfile, type Profile, readProfiles } from '../profile.ts'
import {
  hasCredentials,
  openStore,
  type Session,
  type SessionOptions,
  useSession,
} from '../session.ts'
import { print, printJson } from '../terminal.ts'

/** What was looked at, how it is, and what to do when it is not well. */
interface Finding {
  check: string
  ok: boolean
  /** What was found; when it is not well, also what to do. */
  found: string
}

/** A server's clock may be off by this much, in milliseconds, before tokens look expired or unborn. */
const CLOCK_TOLERANCE_MS = 30_000

/** Looks at everything that may keep a session from working, and tells what to do. */
export async function doctor(options: SessionOptions & { json?: boolean }): Promise<void> {
  const findings: Finding[] = []
  for await (const finding of examine(options)) findings.push(finding)
  if (options.json) printJson(findings)
  else
    print(
      findings
        .map(
          ({ check, ok, found }) =>
            `${ok ? colors.green('ok    ') : colors.red('FAILED')}  ${check}: ${found}`,
        )
        .join('\n'),
    )
  if (findings.some(({ ok }) => !ok)) process.exitCode = ExitCode.failed
}

async function* examine(options: SessionOptions): AsyncGenerator<Finding> {
  yield { check: 'node', ok: true, found: process.version }
  yield { check: 'environment', ok: true, found: environment() }
  const fromEnv = options.session === undefined && hasCredentials()
  if (!fromEnv) {
    const profile = yield* examined(
      'session',
      async () => chooseProfile(await readProfiles(), options.session),
      tellProfile,
    )
    if (!profile) return
    const tokens = yield* examined(
      `${profile.store} store`,
      async () => (await (await openStore(profile.store)).getToken(profile.name)) ?? undefined,
      (stored) => (stored ? 'holds the session' : 'holds no session: run latchkey sign-in'),
    )
    if (!tokens) return
  }
  yield* examineServer(options)
}

async function* examineServer(options: SessionOptions): AsyncGenerator<Finding> {
  const session = await useSession(options)
  const { url, manager, noco } = session
  const answer = yield* examined(
    'server',
    () => knock(session),
    ({ version }) => `${url} answers${version ? `, NocoDB ${version}` : ''}`,
  )
  if (!answer) return
  yield clock(answer.date)
  yield* examined(
    'token',
    () => manager.getTokens(),
    () => 'there is one that is valid by its expiry',
  )
  if (!noco) return
  yield* examined(
    'user',
    () => noco.me(),
    ({ email }) => `the server knows it as ${email}`,
  )
}

/** Asks the server for what needs no token. Not every NocoDB tells its version. */
async function knock({ url, noco }: Session): Promise<{ date: string | null; version?: string }> {
  const path = noco ? '/api/v1/meta/nocodb/info' : ''
  const response = await fetch(url + path, { redirect: 'manual' })
  const date = response.headers.get('date')
  if (!noco) return { date }
  if (!response.ok) {
    throw new Error(`${path} was answered ${response.status}: is this a NocoDB server?`)
  }
  const { version } = (await response.json()) as { version?: unknown }
  return { date, ...(typeof version === 'string' && { version }) }
}

/** Tries; tells what came of it, and gives it. */
async function* examined<T>(
  check: string,
  look: () => Promise<T>,
  tell: (value: T) => string,
): AsyncGenerator<Finding, T | undefined> {
  try {
    const value = await look()
    yield { check, ok: value !== undefined, found: tell(value) }
    return value
  } catch (error) {
    yield { check, ok: false, found: tellFailure(error) }
    return undefined
  }
}

function environment(): string {
  const names = ['NOCODB_URL', 'NOCODB_API_TOKEN', 'NOCODB_EMAIL', 'NOCODB_PASSWORD']
  const set = names.filter((name) => env[name])
  if (set.length === 0) return 'no NOCODB_ variables'
  return hasCredentials()
    ? `${set.join(', ')} decide`
    : `${set.join(', ')} set, which is not enough to sign in: the saved session counts`
}

const tellProfile = ({ name, url, store, user }: Profile): string =>
  `${name} (${[url, user, store].filter(Boolean).join(', ')})`

/** Our clock beside the server's. A difference does no harm to Latchkey, but may to other programs. */
function clock(date: string | null): Finding {
  const offMs = date === null ? undefined : Date.parse(date) - Date.now()
  if (offMs === undefined || Number.isNaN(offMs)) {
    return { check: 'clock', ok: true, found: 'the server does not tell its time' }
  }
  const ok = Math.abs(offMs) < CLOCK_TOLERANCE_MS
  const seconds = Math.round(Math.abs(offMs) / 1000)
  const side = offMs > 0 ? 'behind' : 'ahead of'
  return {
    check: 'clock',
    ok,
    found: ok ? 'agrees with the server' : `${seconds} s ${side} the server's: set it`,
  }
}
