import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { hasRedis, startRedis } from '../worlds/redis-server.ts'
import { startTokenServer } from '../worlds/server-process.ts'
import type { SharerOptions } from './sharer.ts'

/** Processes that share one session through a store, across expiries. */
export interface Processes {
  store: 'file' | 'redis'
  processes: number
  /** Other processes that computed all the time, for each core. Absent in results of before it was varied: none. */
  load?: number
  requests: number
  /** Of the process that made the fewest: 0 would be a starved one. */
  fewest?: number
  failures: number
  /** Generations of the token: renewals that the server granted. */
  generations: number
  /** How often renewal was asked for, per generation. 1: nobody asked twice. */
  renewalsPerGeneration: number
}

const SERVER = { tripMs: 0, renewMs: 50, lifeMs: 1_000 }
const RUN_MS = 3_500
/** How many processes, at how many others that compute for each core. */
const CASES = [
  [1, 0],
  [4, 0],
  [16, 0],
  [16, 4],
] as const

/** @returns Nothing for a store that this machine does not have. */
export async function measureProcesses(
  store: 'file' | 'redis',
  cases: readonly (readonly [count: number, load: number])[] = CASES,
): Promise<Processes[]> {
  if (store === 'redis' && !hasRedis()) return []
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-bench-'))
  const redis = store === 'redis' ? await startRedis(folder) : undefined
  try {
    const results: Processes[] = []
    for (const [count, load] of cases) {
      const place = redis?.socket ?? join(folder, `with-${count}-${load}`)
      results.push({ store, processes: count, load, ...(await share(store, place, count, load)) })
    }
    return results
  } finally {
    await redis?.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Keeps every core busy with `perCore` processes that do nothing but compute. Returns how to end them. */
function startLoad(perCore: number): () => void {
  const count = perCore * availableParallelism()
  const spin = ['-e', 'for (const end = Date.now() + 120_000; Date.now() < end; );'] // ends by itself if this process is killed
  const spinners = Array.from({ length: count }, () => spawn(process.execPath, spin))
  return () => {
    for (const spinner of spinners) spinner.kill('SIGKILL')
  }
}

async function share(store: 'file' | 'redis', place: string, count: number, load: number) {
  const server = await startTokenServer(SERVER)
  const { session, tokens } = await server.world(SERVER.lifeMs * 600) // until everybody is there
  const name = `${session}-of-${count}`
  const options: SharerOptions = { store, place, name, origin: server.origin, session, tokens }
  const file = fileURLToPath(new URL('sharer.ts', import.meta.url))
  const children = Array.from({ length: count }, () => fork(file, [JSON.stringify(options)]))
  let stopLoad = () => undefined as void
  try {
    await Promise.all(children.map((child) => messageOf(child)))
    stopLoad = startLoad(load)
    for (const child of children) child.send('begin')
    await wait(RUN_MS)
    const ends = children.map(async (child) => {
      const done = messageOf(child)
      child.send('end')
      return (await done) as { requests: number; failures: number }
    })
    const done = await Promise.all(ends)
    const { renewed, refused } = await server.report(session)
    return {
      requests: done.reduce((sum, { requests }) => sum + requests, 0),
      fewest: Math.min(...done.map(({ requests }) => requests)),
      failures: done.reduce((sum, { failures }) => sum + failures, 0),
      generations: renewed,
      renewalsPerGeneration: (renewed + refused) / renewed,
    }
  } finally {
    stopLoad()
    for (const child of children) child.kill()
    await server.close()
  }
}

async function messageOf(child: ChildProcess): Promise<unknown> {
  const died = once(child, 'exit').then(([code]) => {
    throw new Error(`A process ended early, with ${code}.`)
  })
  const [message] = (await Promise.race([once(child, 'message'), died])) as [unknown]
  return message
}
