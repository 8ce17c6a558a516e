import type { Call, Contender, Family } from '../clients/client.ts'
import { type ClientName, loadFamily } from '../clients/families.ts'
import { type Latency, type StubWorld, stubWorld } from '../worlds/world.ts'
import { alternate, median, type Ratio, ratio } from './rounds.ts'

/** Many requests find their token dead at once. */
export interface Storm {
  client: ClientName
  name: string
  requests: number
  /** `none`: a server that answers at once. `far`: 20 ms away, renewing in 200 ms. */
  latency: 'none' | 'far'
  /** Counts of one storm: the worst of all rounds. */
  renewals: number
  failures: number
  sends: number
  /** Milliseconds, the median of all rounds. */
  ms: number
  /** Against the ideal: all fail once, one renewal, all again; with the same client and no token. */
  toIdeal: Ratio
}

const LATENCIES = { none: { tripMs: 0, renewMs: 0 }, far: { tripMs: 20, renewMs: 200 } }

const EXTENT = { budgetMs: 600, minRounds: 3, maxRounds: 15, warmUp: 0 }
const WARM_UP_MS = 200
/** A storm that takes longer than this, in milliseconds, is not repeated. */
const ENDLESS_MS = 3_000

export async function measureStorms(
  client: ClientName,
  requests: number,
  latency: Storm['latency'],
): Promise<Storm[]> {
  const family = await loadFamily(client)
  const { latchkey, peers } = family
  const place = { client, requests, latency }
  const results: Storm[] = []
  for (const contender of [...(latchkey ? [latchkey] : []), ...peers]) {
    results.push({ ...place, ...(await storms(family, contender, requests, LATENCIES[latency])) })
  }
  return results
}

async function storms(
  family: Family,
  contender: Contender,
  requests: number,
  latency: Latency,
): Promise<Omit<Storm, 'client' | 'requests' | 'latency'>> {
  const world = stubWorld(latency)
  const call = await contender.connect(world)
  await warmUp(call, world)
  const counts = { renewals: 0, failures: 0, sends: 0 }
  const ideal = await idealStorm(family, requests, latency)
  const storm = async () => {
    world.killTokens()
    const [renewals, sends] = [world.renewals(), world.sends()]
    const failures = await failuresOf(call, requests)
    counts.renewals = Math.max(counts.renewals, world.renewals() - renewals)
    counts.failures = Math.max(counts.failures, failures)
    counts.sends = Math.max(counts.sends, world.sends() - sends)
    await call().catch(() => undefined) // who renewed too often goes on with a token that works
  }
  const start = performance.now()
  await storm()
  const isEndless = performance.now() - start > ENDLESS_MS
  const once = { budgetMs: 0, minRounds: 1, maxRounds: 1, warmUp: 0 }
  const times = await alternate({ ideal, storm }, isEndless ? once : EXTENT)
  return {
    name: contender.name,
    ...counts,
    ms: median(times.storm),
    toIdeal: ratio(times.storm, times.ideal),
  }
}

async function warmUp(call: Call, world: StubWorld): Promise<void> {
  const end = performance.now() + WARM_UP_MS
  do {
    await failuresOf(call, 100)
    world.killTokens()
    await failuresOf(call, 100)
  } while (performance.now() < end)
}

async function idealStorm({ bare }: Family, requests: number, latency: Latency) {
  const [healthy, dead] = [stubWorld(latency), stubWorld(latency)]
  dead.killTokens()
  const [works, fails] = [await bare.connect(healthy), await bare.connect(dead)]
  await failuresOf(works, 100)
  await failuresOf(fails, 100)
  return async () => {
    await failuresOf(fails, requests)
    await healthy.renew()
    await failuresOf(works, requests)
  }
}

/** Sends `requests` at once and counts those that did not get what they came for. */
async function failuresOf(call: Call, requests: number): Promise<number> {
  const settled = await Promise.allSettled(Array.from({ length: requests }, () => call()))
  const isSuccess = (one: PromiseSettledResult<number>) =>
    one.status === 'fulfilled' && one.value === 200
  return settled.filter((one) => !isSuccess(one)).length
}
