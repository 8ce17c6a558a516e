import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { redisStore } from '@latchkey/stores/redis'
import { createClient } from 'redis'
import { afterEach, expect, test } from 'vitest'
import { type RedisServer, startRedis } from '../src/redis/server.ts'
import { startTokenServer, type TokenServer } from '../src/redis/token-server.ts'
import type { Report } from '../src/redis/worker.ts'

const script = fileURLToPath(new URL('../src/redis/worker.ts', import.meta.url))

/** Outcomes that are right: a token may expire on its way, and while Redis is away no other can be had. */
const EXPIRED = 'ERR_REPLAY_TOO_LATE'
const UNAVAILABLE = 'ERR_RENEWAL_UNAVAILABLE < ERR_STORE_UNAVAILABLE'

interface Worker {
  child: ChildProcess
  report: Report
}

const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp()
})

/** A Redis with a session in it, and the server that issued it. */
async function startParts(options: Parameters<typeof startTokenServer>[0]) {
  const redis = await startRedis()
  cleanUps.push(redis.close)
  const server = await startTokenServer(options)
  cleanUps.push(server.close)
  const client = await createClient({ url: redis.url }).connect()
  const { expiresInMs, ...tokens } = server.issue()
  await redisStore(client).setToken({ ...tokens, expiresAt: Date.now() + expiresInMs }, 'fleet')
  client.destroy()
  return { redis, server }
}

function startWorker(redis: RedisServer, server: TokenServer, count: number, chain = 'refresh') {
  const child = fork(script, [redis.url, server.url, String(count), chain])
  const worker: Worker = { child, report: { seen: {}, signedOut: 0 } }
  child.on('message', (report: Report) => (worker.report = report))
  cleanUps.push(() => child.kill('SIGKILL'))
  return worker
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20))
}

const renewals = ({ presentations }: TokenServer) =>
  presentations.filter(({ outcome }) => outcome === 'renewed').length

async function untilRenewed(server: TokenServer, times: number): Promise<void> {
  const enough = renewals(server) + times
  await until(() => renewals(server) >= enough)
}

async function ended({ child }: Worker): Promise<void> {
  const exit = once(child, 'exit')
  child.send('end')
  await exit
}

test('fifty workers in five processes, some killed in a renewal, and Redis restarted: one renewal for each expiry', async () => {
  const { redis, server } = await startParts({ accessLifeMs: 1_000, spent: 'answered' })
  const started = Array.from({ length: 5 }, () => startWorker(redis, server, 10))
  const alive = new Set(started)
  await untilRenewed(server, 5)

  for (let kills = 0; kills < 2; kills += 1) {
    const { presentation } = await server.holdNext()
    const victim = [...alive].find(({ child }) => child.pid === presentation.pid)
    victim?.child.kill('SIGKILL')
    if (victim) alive.delete(victim)
    const successor = startWorker(redis, server, 10)
    alive.add(successor)
    started.push(successor)
    await untilRenewed(server, 3)
  }

  // Redis crashes in the middle of a renewal, and is back when the answer comes.
  const duringCrash = await server.holdNext()
  await redis.stop('SIGKILL')
  await redis.start()
  duringCrash.release()
  await untilRenewed(server, 3)

  // Redis is away when the answer comes, and for longer than tokens live.
  const duringOutage = await server.holdNext()
  await redis.stop('SIGTERM')
  duringOutage.release()
  const cannotRenew = ({ report }: Worker) => (report.seen[UNAVAILABLE] ?? 0) > 0
  await until(() => [...alive].every(cannotRenew))
  await redis.start()
  await untilRenewed(server, 3)
  await Promise.all([...alive].map(ended))

  const { presentations } = server
  const outcomes = Object.groupBy(presentations, ({ outcome }) => outcome)
  expect(outcomes.unanswered?.length).toBe(2) // the killed ones'
  expect(outcomes.rejected).toBeUndefined()
  // Renewals = generations: each one's refresh token brought the next, and none was presented again.
  const answered = outcomes.renewed?.map(({ refreshToken }) => refreshToken) ?? []
  expect(answered).toEqual(answered.map((_, at) => `CANARY-7f3a-refresh-${at + 1}`))
  expect(answered.length).toBeGreaterThan(16)
  for (const { report } of started) {
    expect(report.signedOut).toBe(0)
    expect(['200', EXPIRED, UNAVAILABLE]).toEqual(expect.arrayContaining(Object.keys(report.seen)))
  }
})

test('a refresh token that died with its worker, on a server that spends it at once, costs one sign-in by the next grant', async () => {
  const { redis, server } = await startParts({ accessLifeMs: 1_000, spent: 'presented' })
  const [one, two] = ['refresh,password', 'refresh,password'].map((chain) =>
    startWorker(redis, server, 3, chain),
  ) as [Worker, Worker]
  const { presentation } = await server.holdNext()
  const [victim, survivor] = presentation.pid === one.child.pid ? [one, two] : [two, one]
  victim.child.kill('SIGKILL')
  await until(() => server.signIns() > 0)
  await untilRenewed(server, 3)
  await ended(survivor)
  expect(server.signIns()).toBe(1)
  const rejected = server.presentations.filter(({ outcome }) => outcome === 'rejected')
  expect(rejected.map(({ refreshToken }) => refreshToken)).toEqual([presentation.refreshToken])
  expect(survivor.report.signedOut).toBe(0)
  expect(Object.keys(survivor.report.seen)).toEqual(['200'])
})
