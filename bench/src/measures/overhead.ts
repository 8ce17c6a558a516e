import type { Call, Contender } from '../clients/client.ts'
import { type ClientName, loadFamily } from '../clients/families.ts'
import { startTokenServer } from '../worlds/server-process.ts'
import { stubWorld, type World } from '../worlds/world.ts'
import { alternate, cpuClock, median, type Ratio, ratio } from './rounds.ts'

/** What one request costs with a fresh token. */
export interface Overhead {
  client: ClientName
  name: string
  /** `sequential`: one after the other. `wide`: a thousand at once, or 50 over the network. */
  mode: 'sequential' | 'wide'
  /** Microseconds that this process computes per request: the median of all rounds. */
  us: number
  /** Against the client that sends no token. */
  toBare: Ratio
  /** The same of the fastest round of each: others on the machine only ever add to a time. */
  fastestToBare: number
  /** Against the client with a header that never changes: less work cannot be done. */
  toConstant: Ratio
}

/** Short rounds, so that a machine that slows down meets all alike; compiling, which is computed too, is over. */
const ROUNDS = { minRounds: 25, maxRounds: 2_001, warmUp: 50 }
const IN_PROCESS = {
  ...ROUNDS,
  budgetMs: 6_000,
  sequential: 250,
  batches: 1,
  wide: 1_000,
}
/** A thousand sockets at once would measure the server. */
const LOOPBACK = {
  ...ROUNDS,
  budgetMs: 4_000,
  sequential: 50,
  batches: 1,
  wide: 50,
}

/** In this process, on transports that answer at once. */
export function measureOverhead(client: ClientName): Promise<Overhead[]> {
  return measure(client, () => stubWorld(), IN_PROCESS)
}

/** Against a real server: another process on this machine, over HTTP. */
export async function measureLoopback(client: ClientName): Promise<Overhead[]> {
  const server = await startTokenServer({ tripMs: 0, renewMs: 0, lifeMs: 3_600_000 })
  try {
    const worlds = Array.from({ length: 10 }, () => server.world())
    const ready = await Promise.all(worlds)
    return await measure(client, () => ready.pop() as World, LOOPBACK)
  } finally {
    await server.close()
  }
}

async function measure(client: ClientName, world: () => World, extent: typeof IN_PROCESS) {
  const { bare, constant, latchkey, peers } = await loadFamily(client)
  const contenders = [bare, constant, ...(latchkey ? [latchkey] : []), ...peers]
  const calls = await connectAll(contenders, world)
  const modes = [
    ['sequential', extent.sequential, (call: Call) => inTurn(call, extent.sequential)],
    [
      'wide',
      extent.batches * extent.wide,
      (call: Call) => atOnce(call, extent.batches, extent.wide),
    ],
  ] as const
  const results: Overhead[] = []
  for (const [mode, requests, send] of modes) {
    const works = Object.fromEntries(calls.map(([name, call]) => [name, () => send(call)]))
    const times = await alternate(works, extent, cpuClock)
    const [ofBare, ofConstant] = [times[bare.name] ?? [], times[constant.name] ?? []]
    for (const [name, own] of Object.entries(times)) {
      results.push({
        client,
        name,
        mode,
        us: (median(own) * 1_000) / requests,
        toBare: ratio(own, ofBare),
        fastestToBare: Math.min(...own) / Math.min(...ofBare),
        toConstant: ratio(own, ofConstant),
      })
    }
  }
  return results
}

async function connectAll(contenders: Contender[], world: () => World): Promise<[string, Call][]> {
  const calls: [string, Call][] = []
  for (const { name, connect } of contenders) {
    const call = await connect(world())
    if ((await call()) !== 200) throw new Error(`${name} is not signed in.`)
    calls.push([name, call])
  }
  return calls
}

async function inTurn(call: Call, requests: number): Promise<void> {
  for (let n = 0; n < requests; n += 1) await call()
}

async function atOnce(call: Call, batches: number, wide: number): Promise<void> {
  for (let n = 0; n < batches; n += 1) {
    await Promise.all(Array.from({ length: wide }, () => call()))
  }
}
