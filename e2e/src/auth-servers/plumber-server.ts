import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { lastLines } from '../processes/child-process.ts'

interface PlumberCounts {
  signIns: number
  refusedSignIns: number
  /** Requests to what is protected, let through and refused. */
  served: number
  refused: number
}

export interface PlumberServer {
  readonly url: string
  counts(): Promise<PlumberCounts>
  /** From now on every token issued so far is refused as an expired one is. */
  expire(): Promise<void>
  /** Ends this child and nothing else; resolves when it is gone. */
  stop(): Promise<void>
}

interface PlumberOptions {
  /** The one password; any user may sign in with it. */
  password: string
  /** What the tokens are signed with. */
  secret: string
  /** How long a token is good, in whole seconds. */
  lifeS: number
}

const script = fileURLToPath(new URL('plumber-api.R', import.meta.url))

/** Starts a real plumber API and waits until it answers. */
export async function startPlumber({ password, secret, lifeS }: PlumberOptions) {
  const { PATH = '', HOME = '' } = process.env
  const settings = {
    PLUMBER_PASSWORD: password,
    PLUMBER_SECRET: secret,
    PLUMBER_LIFE_S: `${lifeS}`,
  }
  const child = spawn('Rscript', ['--vanilla', script], {
    env: { PATH, HOME, LC_ALL: 'C.UTF-8', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const tail = lastLines([child.stdout, child.stderr])
  const signal = AbortSignal.timeout(60_000)
  try {
    const url = `http://127.0.0.1:${await portOf(child, signal)}`
    await answering(url, child, signal)
    return serverAt(url, child)
  } catch (error) {
    await end(child)
    throw new Error(`plumber did not start. Its last lines:\n${tail()}`, { cause: error })
  }
}

function serverAt(url: string, child: ChildProcess): PlumberServer {
  return {
    url,
    counts: async () => (await fetch(`${url}/control/counts`)).json() as Promise<PlumberCounts>,
    async expire() {
      await fetch(`${url}/control/expire`, { method: 'POST' })
    },
    stop: () => end(child),
  }
}

function portOf(child: ChildProcess, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`it ended with ${code}`)))
    child.stdout?.on('data', (text: string) => {
      said += text
      const [, port] = /^listening on (\d+)\n/m.exec(said) ?? []
      if (port !== undefined) resolve(port)
    })
  })
}

async function answering(url: string, child: ChildProcess, signal: AbortSignal): Promise<void> {
  while (!(await isReady(url, signal))) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`)
    signal.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function isReady(url: string, signal: AbortSignal): Promise<boolean> {
  const answer = await fetch(`${url}/control/counts`, { signal }).catch(() => undefined)
  await answer?.arrayBuffer()
  return answer?.ok === true
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const impatience = setTimeout(() => child.kill('SIGKILL'), 5000)
  await ended
  clearTimeout(impatience)
}
