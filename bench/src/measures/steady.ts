import { setTimeout as wait } from 'node:timers/promises'
import type { Call, Contender } from '../clients/client.ts'
import { type ClientName, loadFamily } from '../clients/families.ts'
import { type ServerWorld, startTokenServer, type TokenServer } from '../worlds/server-process.ts'
import { quantile } from './rounds.ts'

/** Expiry under steady load. */
export interface Steady {
  client: ClientName
  name: string
  requests: number
  /** Neither 200 nor anything else that was asked for. */
  failures: number
  /** Requests that left late or had to be sent twice. */
  waited: number
  renewals: number
  p50Ms: number
  p99Ms: number
  maxMs: number
  /** Against the same client, at the same time, with a token that never expires. */
  p99ToNever: number
}

const SERVER = { tripMs: 20, renewMs: 200, lifeMs: 2_000 }
const HOUR_MS = 3_600_000
/** A request that arrives later than this after it was asked for has waited, in milliseconds. */
const LATE_MS = 30

interface Rider {
  client: ClientName
  contender: Contender
  world: ServerWorld
  call: Call
  started: number[]
  ms: number[]
  failures: number
}

/**
 * One client kept signed in in every way at once, each with a session of its own: a request each
 * `everyMs`, whether or not the ones before have been answered.
 */
export async function measureSteady(
  client: ClientName,
  ticks = 1_000,
  everyMs = 10,
): Promise<Steady[]> {
  const server = await startTokenServer(SERVER)
  try {
    const riders = await ridersOf(client, server)
    for (let n = 0; n < 30; n += 1)
      await Promise.all(riders.map(({ call, world }) => call(pathOf(world))))
    await ride(riders, ticks, everyMs)
    const results: Steady[] = []
    for (const rider of riders) results.push(await assess(rider, server))
    return results.map((result) => againstNever(result, results))
  } finally {
    await server.close()
  }
}

async function ridersOf(client: ClientName, server: TokenServer): Promise<Rider[]> {
  const { constant, latchkey, peers } = await loadFamily(client)
  const never: Contender = { name: NEVER, connect: constant.connect }
  const riders: Rider[] = []
  for (const contender of [never, ...(latchkey ? [latchkey] : []), ...peers]) {
    const world = await server.world(contender === never ? HOUR_MS : SERVER.lifeMs)
    const call = await contender.connect(world)
    riders.push({ client, contender, world, call, started: [], ms: [], failures: 0 })
  }
  return riders
}

const NEVER = 'never expires'

async function ride(riders: Rider[], ticks: number, everyMs: number): Promise<void> {
  const start = performance.now()
  const sent: Promise<void>[] = []
  for (let tick = 0; tick < ticks; tick += 1) {
    for (const [at, rider] of riders.entries()) {
      const due = start + (tick + at / riders.length) * everyMs // spread over the tick
      const early = due - performance.now()
      if (early > 1) await wait(early)
      sent.push(send(rider, tick))
    }
  }
  await Promise.all(sent)
}

async function send(rider: Rider, id: number): Promise<void> {
  const start = performance.now()
  rider.started[id] = performance.timeOrigin + start
  const status = await rider.call(pathOf(rider.world, id)).catch(() => 0)
  rider.ms[id] = performance.now() - start
  if (status !== 200) rider.failures += 1
}

const pathOf = ({ session }: ServerWorld, id?: number) =>
  `/items?session=${session}${id === undefined ? '' : `&id=${id}`}`

async function assess(rider: Rider, server: TokenServer): Promise<Steady> {
  const { client, contender, world, ms, started, failures } = rider
  const { renewed, arrivals } = await server.report(world.session)
  const waited = started.filter((at, id) => {
    const arrival = arrivals[id]
    return !arrival || arrival.sends > 1 || arrival.at - at > LATE_MS
  }).length
  return {
    client,
    name: contender.name,
    requests: ms.length,
    failures,
    waited,
    renewals: renewed,
    p50Ms: quantile(ms, 0.5),
    p99Ms: quantile(ms, 0.99),
    maxMs: Math.max(...ms),
    p99ToNever: Number.NaN,
  }
}

function againstNever(result: Steady, all: Steady[]): Steady {
  const never = all.find(({ client, name }) => client === result.client && name === NEVER)
  return { ...result, p99ToNever: result.p99Ms / (never?.p99Ms ?? Number.NaN) }
}
