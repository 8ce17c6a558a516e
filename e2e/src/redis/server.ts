import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lastLines } from '../processes/child-process.ts'

const START_LIMIT_MS = 20_000

/** A Redis server of our own, with its data in a folder of its own. */
export interface RedisServer {
  readonly url: string
  readonly pid: () => number
  /** Ends the process and keeps its data, as a crash (`SIGKILL`) or a service manager (`SIGTERM`) would. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** Starts it again on the same port and data. */
  start(): Promise<void>
  /** Ends it and removes its data. */
  close(): Promise<void>
}

/** Starts a server on a free port of the loopback interface that writes down everything it is told. */
export async function startRedis(settings: readonly string[] = []): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-redis-'))
  const port = await freePort()
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder]
  args.push('--appendonly', 'yes', '--save', '', ...settings)
  let child: ChildProcess | undefined

  async function start(): Promise<void> {
    const starting = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'pipe'] })
    child = starting
    const tail = lastLines([starting.stdout, starting.stderr])
    const failed = once(starting, 'error').then(([error]) => Promise.reject(error))
    await Promise.race([answering(port, starting), failed]).catch(async (error: unknown) => {
      await stop('SIGKILL')
      throw new Error(`redis-server did not start. Its last lines:\n${tail()}`, { cause: error })
    })
  }

  async function stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    child.kill('SIGCONT') // a stopped one could not hear the other
    await ended
  }

  await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    pid: () => child?.pid ?? 0,
    start,
    stop,
    async close() {
      await stop('SIGKILL')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}

async function answering(port: number, child: ChildProcess): Promise<void> {
  const signal = AbortSignal.timeout(START_LIMIT_MS)
  while (!(await isReady(port))) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`)
    signal.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Whether a PING is answered with a PONG: while it loads its data it says so instead. */
function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    socket.once('data', (data) => {
      socket.destroy()
      resolve(data.toString().startsWith('+PONG'))
    })
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
  })
}
