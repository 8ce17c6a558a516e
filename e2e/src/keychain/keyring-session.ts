import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lastLines } from '../processes/child-process.ts'

/** A desktop session of our own: a message bus, and an unlocked keychain that lies in a folder. */
export interface KeyringSession {
  /** What a process needs to take part in it. */
  readonly env: Readonly<Record<string, string>>
  /** Lets the keychain hang, or go on. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void
  /** Locks the keychain, as when the screen is locked. */
  lock(): Promise<void>
  /** Ends the keychain but not the bus. */
  endKeyring(): Promise<void>
  /** Ends everything and removes the folder. */
  close(): Promise<void>
}

export async function startKeyringSession(): Promise<KeyringSession> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-keyring-'))
  const home = (name: string) => join(folder, name)
  await mkdir(home('run'), { mode: 0o700 })
  const base = {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    XDG_RUNTIME_DIR: home('run'),
    XDG_DATA_HOME: home('data'),
    XDG_CONFIG_HOME: home('config'),
    XDG_CACHE_HOME: home('cache'),
    XDG_STATE_HOME: home('state'),
  }
  await writeFile(home('bus.conf'), busConfig(home('run')))
  const bus = spawn(
    'dbus-daemon',
    ['--nofork', '--print-address=1', '--config-file', home('bus.conf')],
    {
      env: base,
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  )
  const [address] = (await once(bus.stdout.setEncoding('utf8'), 'data')) as [string]
  const env = { ...base, DBUS_SESSION_BUS_ADDRESS: address.trim() }
  const keyring = spawn(
    'gnome-keyring-daemon',
    ['--foreground', '--unlock', '--components=secrets'],
    {
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  )
  const tail = lastLines([keyring.stdout, keyring.stderr])
  keyring.stdin.end('the password of a test')
  const session: KeyringSession = {
    env,
    signal: (name) => void keyring.kill(name),
    lock: () => callService(env, 'Service.Lock', `['${COLLECTION}']`),
    endKeyring: () => ended(keyring),
    async close() {
      await ended(keyring)
      await ended(bus)
      await rm(folder, { recursive: true, force: true })
    },
  }
  try {
    await untilUnlocked(env)
    return session
  } catch (error) {
    await session.close()
    throw new Error(`The keychain did not start. Its last lines:\n${tail()}`, { cause: error })
  }
}

const START_LIMIT_MS = 20_000

/** A bus that starts no services by itself: no second keychain, and no window that asks for a password. */
const busConfig = (folder: string) => `<!DOCTYPE busconfig PUBLIC
  "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir=${folder}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
  <limit name="max_connections_per_user">100000</limit>
</busconfig>
`

/** The collection that `--unlock` makes. */
const COLLECTION = '/org/freedesktop/secrets/collection/login'

async function untilUnlocked(env: NodeJS.ProcessEnv): Promise<void> {
  const signal = AbortSignal.timeout(START_LIMIT_MS)
  const find = () => callService(env, 'Service.ReadAlias', 'login', COLLECTION)
  while (
    !(await find().then(
      () => true,
      () => false,
    ))
  ) {
    signal.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Calls a method of the Secret Service. Rejects when it fails, or does not answer what is expected. */
async function callService(env: NodeJS.ProcessEnv, method: string, value: string, expected = '') {
  const to = ['--dest', 'org.freedesktop.secrets', '--object-path', '/org/freedesktop/secrets']
  const args = ['call', '--session', ...to, '--method', `org.freedesktop.Secret.${method}`, value]
  const child = spawn('gdbus', args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const tail = lastLines([child.stdout, child.stderr])
  const [code] = (await once(child, 'close')) as [number]
  if (code !== 0 || !tail().includes(expected)) throw new Error(`${method}: ${tail()}`)
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  child.kill('SIGCONT') // a stopped one could not hear the other
  await exit
}
