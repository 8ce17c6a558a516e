import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ServerProcess } from './process.ts'
import { startProcess } from './process.ts'
import { installNocoDB } from './install.ts'

export type { InstallOptions } from './install.ts'
export { installNocoDB } from './install.ts'

/** How the real server runs. */
export interface StartOptions {
  /** Life of an access token: whole seconds, in ms, from 1000 up. Default 10 000. */
  accessTokenLifetimeMs?: number
  /** Signs the access tokens, so that a test can forge some. Default: random. */
  jwtSecret?: string
  /** Default: any free one. */
  port?: number
  /** Signs up the first user, the super admin. Default true. */
  createAdmin?: boolean
  /** How long the server may take until it answers, ms; default 120 000. */
  startTimeoutMs?: number
  /** Hears about the installation, should it be needed, and the start. */
  onProgress?: (line: string) => void
}

/** A real NocoDB server with an empty database of its own. */
export interface RunningNocoDB {
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  readonly jwtSecret: string
  readonly accessTokenLifetimeMs: number
  /** The super admin; present unless `createAdmin` was false. */
  readonly admin: { readonly email: string; readonly password: string }
  /** Ends the server and removes its data. Calling it again does nothing. */
  stop(): Promise<void>
}

/**
 * Starts a real NocoDB server in a child process, installing it first when necessary. Its data lives in
 * a fresh temporary folder. It ends with `stop()` and, whatever happens, with this process.
 *
 * @throws Error with the server's last lines when it does not answer in time.
 */
export async function startNocoDB(options: StartOptions = {}): Promise<RunningNocoDB> {
  const { accessTokenLifetimeMs = 10_000, port = 0, startTimeoutMs = 120_000 } = options
  const { createAdmin = true, onProgress } = options
  const seconds = accessTokenLifetimeMs / 1000
  if (!Number.isSafeInteger(seconds) || seconds < 1) {
    throw new TypeError(
      `accessTokenLifetimeMs must be whole seconds in ms (1000, 2000, ...), got ${accessTokenLifetimeMs}`,
    )
  }
  const folder = await installNocoDB(onProgress ? { onProgress } : {})
  const jwtSecret = options.jwtSecret ?? randomBytes(32).toString('hex')
  const dataFolder = await mkdtemp(join(tmpdir(), 'latchkey-nocodb-'))
  onProgress?.('starting NocoDB (about 10 seconds)')
  const removeData = () => rm(dataFolder, { recursive: true, force: true, maxRetries: 5 })
  let server: ServerProcess | undefined
  try {
    const settings = { NC_JWT_EXPIRES_IN: `${seconds}s`, NC_AUTH_JWT_SECRET: jwtSecret }
    server = await startProcess({ folder, dataFolder, port, settings, startTimeoutMs })
    const admin = { email: 'admin@example.com', password: randomBytes(12).toString('hex') }
    if (createAdmin) await signUp(server.url, admin)
    const { url, end } = server
    return {
      url,
      jwtSecret,
      accessTokenLifetimeMs,
      admin,
      async stop() {
        await end()
        await removeData()
      },
    }
  } catch (error) {
    await server?.end()
    await removeData()
    throw error
  }
}

async function signUp(url: string, user: { email: string; password: string }): Promise<void> {
  const response = await fetch(`${url}/api/v1/auth/user/signup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(user),
  })
  if (!response.ok) throw new Error(`NocoDB did not sign up its first user: ${response.status}`)
}
