import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { endProcess, lastLines, ownEnvironment } from '../processes/child-process.ts'

export interface ProcessOptions {
  /** Where NocoDB is installed. */
  folder: string
  dataFolder: string
  /** 0: any free one. */
  port: number
  settings: Record<string, string>
  startTimeoutMs: number
}

export interface ServerProcess {
  readonly url: string
  /** Ends this child and nothing else; resolves when it is gone. */
  readonly end: () => Promise<void>
}

const childScript = fileURLToPath(new URL('child.mjs', import.meta.url))

/** Starts the child and waits until the server in it answers. */
export async function startProcess(options: ProcessOptions): Promise<ServerProcess> {
  const { folder, dataFolder, port, settings, startTimeoutMs } = options
  const child = spawn(process.execPath, [childScript, folder, String(port)], {
    cwd: dataFolder,
    env: {
      ...ownEnvironment(/^(NC_|DATABASE_URL)/),
      ...settings,
      NC_DISABLE_TELE: 'true',
      NODE_ENV: 'production',
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const tail = lastLines([child.stdout, child.stderr].filter((stream) => stream !== null))
  const signal = AbortSignal.timeout(startTimeoutMs)
  try {
    const url = `http://127.0.0.1:${await portOf(child, signal)}`
    await answering(url, child, signal)
    return { url, end: () => endProcess(child) }
  } catch (error) {
    const output = Object.values(settings).reduce(
      (text, value) => text.replaceAll(value, '…'),
      tail(),
    )
    await endProcess(child)
    const why = signal.aborted ? `did not answer within ${startTimeoutMs} ms` : 'did not start'
    throw new Error(`NocoDB ${why}. Its last lines:\n${output}`, { cause: error })
  }
}

function portOf(child: ChildProcess, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`it ended with ${code}`)))
    child.on('message', (message: { port: number }) => resolve(message.port))
  })
}

async function answering(url: string, child: ChildProcess, signal: AbortSignal): Promise<void> {
  while (!(await isReady(url, signal))) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`)
    signal.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

async function isReady(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(`${url}/api/v1/meta/nocodb/info`, { signal })
    await response.arrayBuffer()
    return response.status === 200
  } catch {
    return false
  }
}
