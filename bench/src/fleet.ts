import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { bearer, createTokenManager, type TokenStore } from '@latchkey/core'
import { redisStore } from '@latchkey/stores/redis'
import { createClient } from 'redis'
import { startRedis } from './worlds/redis-server.ts'
import { issueTokens } from './worlds/tokens.ts'

// node bench/src/fleet.ts: the figures of docs/project/cost-model.md, in about a minute. A hundredth of its fleet on a real Redis:
// ten stores with a connection each, 10,000 sessions, 1,000 requests a second. Where each request opens its session anew, a
// quarter of the requests: this one process has to be all clients, and Redis' own work is what counts.

const PROCESSES = 10
const SESSIONS = 10_000
const RUN_MS = 15_000
/** For how long it is seen what Redis does when nobody asks. */
const IDLE_MS = 3_000
/** How long the authorization server takes to renew. */
const RENEW_MS = 50
/** How long tokens live in the run: a tenth of an hour, so that enough are renewed within it. */
const LIFE_MS = 360_000

const clients: { destroy(): void }[] = []
const folder = await mkdtemp(join(tmpdir(), 'latchkey-fleet-'))
const redis = await startRedis(folder)
const stores = await Promise.all(Array.from({ length: PROCESSES }, openStore))
const raw = await connect()
const holdsMs: number[] = []
let issued = 0
let renewals = 0

async function connect() {
  const client = createClient({ socket: { path: redis.socket, tls: false } })
  client.on('error', () => undefined) // a call that fails says so
  await client.connect()
  clients.push(client)
  return client
}

/** A store that notes for how long its lock is held. */
async function openStore(): Promise<TokenStore> {
  const store = redisStore(await connect())
  const lock: TokenStore['lock'] = (name, run) =>
    store.lock(name, async () => {
      const since = performance.now()
      return run().finally(() => holdsMs.push(performance.now() - since))
    })
  return { ...store, lock }
}

/** A JWT pair of about 900 bytes, as most servers issue. */
function tokensFor(lifeMs: number) {
  issued += 1
  const { accessToken, refreshToken, expiresAt } = issueTokens(issued, lifeMs)
  return {
    accessToken: accessToken.padEnd(700, 'x'),
    refreshToken: refreshToken.padEnd(200, 'x'),
    expiresAt,
  }
}

function manage(store: TokenStore | undefined, session: number) {
  return createTokenManager({
    origin: 'https://api.test',
    scheme: bearer(),
    name: `user-${session}`,
    ...(store && { store }),
    renewAheadMs: 0,
    grants: [
      {
        name: 'refresh token',
        async request() {
          await wait(RENEW_MS)
          renewals += 1
          return tokensFor(LIFE_MS)
        },
      },
    ],
  })
}

/** What Redis has done so far. */
async function counters() {
  const info = `${await raw.info('commandstats')}${await raw.info('stats')}${await raw.info('cpu')}${await raw.info('memory')}`
  const number = (pattern: RegExp) => Number(pattern.exec(info)?.[1] ?? 0)
  return {
    scripts: number(/cmdstat_eval:calls=(\d+)/),
    subscriptions:
      number(/cmdstat_subscribe:calls=(\d+)/) + number(/cmdstat_unsubscribe:calls=(\d+)/),
    bytesIn: number(/total_net_input_bytes:(\d+)/),
    bytesOut: number(/total_net_output_bytes:(\d+)/),
    cpuMs: 1_000 * (number(/used_cpu_user:([\d.]+)/) + number(/used_cpu_sys:([\d.]+)/)),
    memory: number(/used_memory:(\d+)/),
  }
}

type Counters = Awaited<ReturnType<typeof counters>>

/** What Redis does for `work`, without what asking for it costs. */
async function costOf(work: () => Promise<unknown>, times = 1): Promise<Counters> {
  const idle = await difference(async () => undefined)
  const done = await difference(work)
  const share = (key: keyof Counters) => (done[key] - idle[key]) / times
  const keys = Object.keys(done) as (keyof Counters)[]
  return Object.fromEntries(keys.map((key) => [key, share(key)])) as unknown as Counters
}

async function difference(work: () => Promise<unknown>): Promise<Counters> {
  const before = await counters()
  await work()
  const after = await counters()
  const keys = Object.keys(before) as (keyof Counters)[]
  return Object.fromEntries(
    keys.map((key) => [key, after[key] - before[key]]),
  ) as unknown as Counters
}

const row = ({ scripts, subscriptions, bytesIn, bytesOut, cpuMs }: Counters) => ({
  scripts: scripts.toFixed(1),
  subscriptions: subscriptions.toFixed(1),
  'bytes in': Math.round(bytesIn),
  'bytes out': Math.round(bytesOut),
  'Redis CPU, ms': cpuMs.toFixed(3),
})

/** What one of each costs, over many of them. */
async function unitCosts() {
  const times = 500
  const [one, two] = stores as [TokenStore, TokenStore]
  const managers = Array.from({ length: times }, (_, at) => manage(one, at))
  const each = async (work: (at: number) => Promise<unknown>) => {
    for (let at = 0; at < times; at += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, in50) => work(at + in50)))
    }
    await wait(300) // locks are given back behind the caller's back
  }
  const first = await costOf(() => each((at) => managers[at]?.getTokens() ?? wait(0)), times)
  const fresh = await costOf(() => each((at) => managers[at]?.getTokens() ?? wait(0)), times)
  const renewal = await costOf(() => each((at) => managers[at]?.refresh() ?? wait(0)), times)
  const others = Array.from({ length: times }, (_, at) => manage(two, at))
  const load = await costOf(() => each((at) => others[at]?.getTokens() ?? wait(0)), times)
  const heard = await costOf(() => each((at) => managers[at]?.refresh() ?? wait(0)), times)
  for (const manager of [...managers, ...others]) manager.dispose()
  return {
    'first sign-in': first,
    'request, token in memory': fresh,
    renewal,
    'session met first': load,
    'renewal, one other follows': heard,
  }
}

/** A hundredth of the fleet for a while. `sticky`: each session has its process; otherwise each request meets any. */
async function runFleet(isSticky: boolean, requestsPerS: number) {
  const kept = new Map<number, ReturnType<typeof manage>>()
  holdsMs.length = 0
  renewals = 0
  let requests = 0
  let met = 0
  let failures = 0
  const pending = new Set<Promise<unknown>>()
  const ask = async () => {
    const session = Math.floor(Math.random() * SESSIONS)
    const process = isSticky ? session % PROCESSES : Math.floor(Math.random() * PROCESSES)
    const known = kept.get(session)
    if (!known) met += 1
    const manager = known ?? manage(stores[process], session)
    if (isSticky) kept.set(session, manager)
    await manager.getTokens().catch(() => (failures += 1))
    if (!isSticky) manager.dispose()
  }
  const idle = await costOf(() => wait(IDLE_MS))
  const cost = await costOf(async () => {
    const began = performance.now()
    for (let ms = performance.now() - began; ms < RUN_MS; ms = performance.now() - began) {
      for (; requests < (requestsPerS * ms) / 1_000; requests += 1) {
        const asked = ask().finally(() => pending.delete(asked))
        pending.add(asked)
      }
      await wait(5)
    }
    await Promise.all(pending)
    await wait(300)
  })
  for (const manager of kept.values()) manager.dispose()
  cost.cpuMs -= (idle.cpuMs * RUN_MS) / IDLE_MS
  const sorted = holdsMs.toSorted((a, b) => a - b)
  const hold = (share: number) => sorted[Math.floor(sorted.length * share)]?.toFixed(0) ?? '-'
  return { requests, met, renewals, failures, 'hold p50': hold(0.5), 'hold p99': hold(0.99), cost }
}

try {
  const units = await unitCosts()
  console.log('One of each')
  console.table(Object.fromEntries(Object.entries(units).map(([name, cost]) => [name, row(cost)])))

  await raw.flushAll()
  const empty = (await counters()).memory
  for (let at = 0; at < SESSIONS; at += 1) {
    await stores[at % PROCESSES]?.setToken(tokensFor(Math.random() * LIFE_MS), `user-${at}`)
  }
  console.log(
    `Memory of a session: ${Math.round(((await counters()).memory - empty) / SESSIONS)} bytes`,
  )

  for (const [isSticky, requestsPerS] of [
    [true, 1_000],
    [false, 250],
  ] as const) {
    const { cost, ...done } = await runFleet(isSticky, requestsPerS)
    const { renewal, 'session met first': load } = units
    const expected = done.met * load.scripts + done.renewals * renewal.scripts
    console.log(isSticky ? 'Each session has its process' : 'Each request meets any process')
    console.table({ ...done, ...row(cost), 'scripts by the model': Math.round(expected) })
    if (isSticky)
      console.log(
        `Memory of a session that is followed: ${Math.round(cost.memory / done.met)} bytes`,
      )
    console.log(`Redis was busy for ${((100 * cost.cpuMs) / RUN_MS).toFixed(1)} % of the time`)
  }
} finally {
  for (const client of clients) client.destroy()
  await redis.close()
  await rm(folder, { recursive: true, force: true })
}
