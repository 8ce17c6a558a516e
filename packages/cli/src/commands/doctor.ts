import process, { env } from 'node:process'
import { styleText } from 'node:util'
import { ExitCode } from '../exit-code.ts'
import { Failure, tellFailure } from '../failure.ts'
import type { Profile } from '../profile.ts'
import { hasPlace, sessionsDirectory } from '../profile-list.ts'
import { type ProxyUse, proxyUse } from '../proxy.ts'
import {
  hasCredentials,
  openStore,
  selectProfile,
  type Session,
  type SessionOptions,
  usesEnvironment,
  useSession,
} from '../session.ts'
import { tightenModes } from '../store-modes.ts'
import { harmlessLines, oneLine, printJson } from '../terminal.ts'

/** Result of one check. */
interface Finding {
  check: string
  ok: boolean
  /** What the check found. If it failed, also what to do. */
  found: string
}

/** How far the clocks may differ, in milliseconds. Beyond that, tokens look expired or not valid yet. */
const CLOCK_TOLERANCE_MS = 30_000

/** How long to wait for the server, in milliseconds, before it counts as unreachable. */
const KNOCK_LIMIT_MS = 10_000

/** Checks everything that a session needs, and prints what to do about each problem. */
export async function doctor(options: SessionOptions & { json?: boolean }): Promise<void> {
  const findings: Finding[] = []
  for await (const finding of examine(options)) findings.push(finding)
  if (options.json) printJson(findings)
  else for (const finding of findings) tell(finding)
  if (findings.some(({ ok }) => !ok)) process.exitCode = ExitCode.failed
}

function tell({ check, ok, found }: Finding): void {
  const mark = ok ? styleText('green', 'ok    ') : styleText('red', 'FAILED')
  process.stdout.write(`${mark}  ${harmlessLines(`${check}: ${found}`)}\n`)
}

async function* examine(options: SessionOptions): AsyncGenerator<Finding> {
  yield { check: 'node', ok: true, found: process.version }
  yield { check: 'environment', ok: true, found: environment() }
  const proxy = await proxyUse()
  if (proxy) yield { check: 'proxy', ok: true, found: tellProxy(proxy) }
  const isNeeded = !usesEnvironment(options)
  yield* examined(
    'permissions',
    () => permissions(isNeeded),
    (said) => said,
  )
  if (isNeeded) {
    const profile = yield* examined('session', () => selectProfile(options), tellProfile)
    if (!profile) return
    const isThere = yield* examined(
      `${profile.store} store`,
      () => holdsSession(profile),
      () => 'holds the session',
    )
    if (!isThere) return
  }
  yield* examineServer(options)
}

async function* examineServer(options: SessionOptions): AsyncGenerator<Finding> {
  const session = yield* examined('session', () => useSession(options))
  if (!session) return
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
    () => 'there is one, and it has not expired',
  )
  if (!noco) return
  yield* examined(
    'user',
    () => noco.me(),
    ({ email }) => `the server knows it as ${email}`,
  )
}

/** Runs one check and returns its value, or `undefined` if it failed. Success is reported only with `tellValue`. */
async function* examined<T>(
  check: string,
  look: () => Promise<T>,
  tellValue?: (value: T) => string,
): AsyncGenerator<Finding, T | undefined> {
  try {
    const value = await look()
    if (tellValue) yield { check, ok: true, found: oneLine(tellValue(value)) }
    return value
  } catch (error) {
    yield { check, ok: false, found: tellFailure(error) }
    return undefined
  }
}

async function shutToOthers(): Promise<string> {
  const { mended, problems } = await tightenModes(sessionsDirectory())
  const said = [
    mended.length > 0 &&
      `Other users could read ${mended.join(', ')}. Now they cannot. If another user may have read it, sign out and in again.`,
    ...problems.map((problem) => `${problem}.`),
  ].filter((text) => text !== false)
  if (said.length === 0) return 'only you can read the files'
  throw new Error(said.join(' '))
}

/** Checks the files. Without `isNeeded`, the environment signs in, so a missing place is not a failure. */
async function permissions(isNeeded: boolean): Promise<string> {
  if (isNeeded) return shutToOthers()
  if (!hasPlace()) return 'no home directory is set, so the session is not kept'
  return shutToOthers().catch((error: NodeJS.ErrnoException) => {
    if (error.code === undefined) throw error
    return `the directory of the sessions cannot be used (${error.code}), so the session is not kept`
  })
}

async function holdsSession({ store, name, url }: Profile): Promise<true> {
  if (await (await openStore(store)).getToken(name)) return true
  throw new Failure(ExitCode.signedOut, `does not hold the session. Run: latchkey sign-in ${url}`)
}

/** Sends a request that needs no token. Not every NocoDB reports its version. */
async function knock({
  url,
  noco,
  fetch: send = fetch,
}: Session): Promise<{ date: string | null; version?: string }> {
  const path = noco ? '/api/v1/meta/nocodb/info' : ''
  const signal = AbortSignal.timeout(KNOCK_LIMIT_MS)
  const response = await send(url + path, { redirect: 'manual', signal }).catch((cause) => {
    throw new Error(
      `${url} cannot be reached. Check that it runs, and check its URL, the network and the proxy.`,
      { cause },
    )
  })
  const date = response.headers.get('date')
  if (!noco) return { date }
  const info: unknown = response.ok ? await response.json().catch(() => undefined) : undefined
  if (typeof info !== 'object' || info === null) {
    throw new Error(
      `The server answered ${response.status} to ${url + path}. Check that this is a NocoDB server, and that its path is right.`,
    )
  }
  const version = 'version' in info ? info.version : undefined
  return { date, ...(typeof version === 'string' && { version }) }
}

function environment(): string {
  const others = ['LATCHKEY_ALLOW_INSECURE', 'LATCHKEY_HEADERS'].filter((name) => env[name])
  return [whoDecides(), ...others.map((name) => `${name} is set`)].join('; ')
}

function whoDecides(): string {
  const names = ['NOCODB_URL', 'NOCODB_API_TOKEN', 'NOCODB_EMAIL', 'NOCODB_PASSWORD']
  const set = names.filter((name) => env[name])
  if (set.length === 0) return 'no NOCODB_ variables'
  if (hasCredentials()) return `${set.join(', ')} decide which session is used`
  return env['NOCODB_URL']
    ? `${set.join(', ')} name the server; a saved session signs in`
    : `${set.join(', ')} set, but ignored without NOCODB_URL`
}

/** An ignored proxy is not reported as a failure, because the server may be reachable without it. */
const tellProxy = ({ variable, advice }: ProxyUse): string =>
  advice ?? `${variable} is set: requests go through that proxy, except those to this machine`

const tellProfile = ({ name, url, store, user }: Profile): string =>
  `${name} (${[url, user, store].join(', ')})`

/** Compares this machine's clock with the server's. */
function clock(date: string | null): Finding {
  const offMs = date === null ? undefined : Date.parse(date) - Date.now()
  if (offMs === undefined || Number.isNaN(offMs)) {
    return { check: 'clock', ok: true, found: 'the server does not send its time' }
  }
  if (Math.abs(offMs) < CLOCK_TOLERANCE_MS) {
    return { check: 'clock', ok: true, found: 'agrees with the server' }
  }
  const seconds = Math.round(Math.abs(offMs) / 1000)
  const side = offMs > 0 ? 'behind' : 'ahead of'
  const found = `${seconds} s ${side} the server's: set this machine's clock, or the server's`
  return { check: 'clock', ok: false, found }
}
