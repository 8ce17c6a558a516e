import { type ChildProcess, spawn } from 'node:child_process'
import { createHmac, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { endProcess, lastLines } from '../processes/child-process.ts'
import { installServer } from '../installing/npm-install.ts'

export interface DirectusServer {
  readonly url: string
  /** The same data behind other settings: what runs is ended first. */
  restart(settings: Record<string, string>): Promise<void>
  /** The token with other claims, signed by the server's own key. */
  resigned(token: string, claims: object): string
  /** Whether the server has a session by this token. */
  hasSession(token: string): boolean
  /** Ends the server and removes its data. */
  stop(): Promise<void>
}

const directus = {
  title: 'Directus',
  name: 'directus',
  version: '12.4.1',
  cost: '700 MB on disk, about 2 minutes',
  // It is the pages, which are not served; the newest is not in every registry.
  overrides: { '@directus/app': '18.0.0' },
  compile: { dependency: 'sqlite3', version: '6.0.1' },
}
const script = fileURLToPath(new URL('directus-child.mjs', import.meta.url))

/** Starts a real Directus server on SQLite, installed first when necessary, whose administrator is `admin`. */
export async function startDirectus(admin: {
  email: string
  password: string
}): Promise<DirectusServer> {
  const onProgress = (line: string) => process.stderr.write(`[directus] ${line}\n`)
  const folder = await installServer(directus, { onProgress })
  const dataFolder = await mkdtemp(join(tmpdir(), 'latchkey-directus-'))
  const secret = randomBytes(32).toString('hex')
  const settings = {
    ...settingsIn(dataFolder),
    SECRET: secret,
    ADMIN_EMAIL: admin.email,
    ADMIN_PASSWORD: admin.password,
  }
  const run = (what: string, more: Record<string, string> = {}) =>
    runChild([folder, what], dataFolder, { ...settings, ...more })
  await mkdir(join(dataFolder, 'uploads'))
  await mkdir(join(dataFolder, 'extensions'))
  onProgress('filling its database (about 15 seconds)')
  await run('bootstrap').ended()
  let child = run('serve')
  let url = await child.url()
  return {
    get url() {
      return url
    },
    async restart(more) {
      await child.end()
      child = run('serve', more)
      url = await child.url()
    },
    resigned: (token, claims) => resign(token, claims, secret),
    hasSession(token) {
      const database = new DatabaseSync(join(dataFolder, 'data.db'), { readOnly: true })
      try {
        return (
          database.prepare('select 1 from directus_sessions where token = ?').all(token).length > 0
        )
      } finally {
        database.close()
      }
    },
    async stop() {
      await child.end()
      await rm(dataFolder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

function settingsIn(dataFolder: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    HOME: dataFolder,
    DB_CLIENT: 'sqlite3',
    DB_FILENAME: join(dataFolder, 'data.db'),
    STORAGE_LOCAL_ROOT: join(dataFolder, 'uploads'),
    EXTENSIONS_PATH: join(dataFolder, 'extensions'),
    PUBLIC_URL: 'http://127.0.0.1',
    SERVE_APP: 'false',
    TELEMETRY: 'false',
    PRESSURE_LIMITER_ENABLED: 'false', // it answers 503 when a machine is busy
    LOG_LEVEL: 'error',
    // Slow by intent, which is not what is looked at here.
    LOGIN_STALL_TIME: '1',
    HASH_MEMORY_COST: '1024',
    HASH_TIME_COST: '2',
  }
}

function runChild(args: string[], cwd: string, env: Record<string, string>) {
  const child = spawn(process.execPath, [script, ...args], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const tail = lastLines([child.stdout, child.stderr].filter((stream) => stream !== null))
  const failed = (cause: unknown) =>
    new Error(`Directus did not start. Its last lines:\n${tail()}`, { cause })
  return {
    async ended() {
      const [code] = (await once(child, 'exit')) as [number | null]
      if (code !== 0) throw failed(new Error(`it ended with ${code}`))
    },
    async url() {
      try {
        return `http://127.0.0.1:${await portOf(child)}`
      } catch (error) {
        await endProcess(child)
        throw failed(error)
      }
    },
    end: () => endProcess(child),
  }
}

function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(120_000)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`it ended with ${code}`)))
    child.on('message', (message: { port?: number }) => {
      if (message.port !== undefined) resolve(message.port)
    })
  })
}

/** A JWT by HS256, as Directus signs them. */
function resign(token: string, claims: object, secret: string): string {
  const [header = '', payload = ''] = token.split('.')
  const known = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object
  const signed = `${header}.${Buffer.from(JSON.stringify({ ...known, ...claims })).toString('base64url')}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}
