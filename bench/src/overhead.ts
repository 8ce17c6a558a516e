import { type ClientName, clientNames, makeClient, makeManager } from './clients.ts'
import { median, rounds } from './rounds.ts'

export interface Overhead {
  client: ClientName
  /** Microseconds per request. */
  bareUs: number
  latchkeyUs: number
  ratio: number
}

/** What a fresh token costs per request, in process: the bare client and ours in alternating rounds. */
export async function measureOverhead(): Promise<Overhead[]> {
  const results: Overhead[] = []
  for (const client of clientNames) {
    const { manager } = makeManager()
    const bare = makeClient(client, () => 200)
    const latchkey = makeClient(client, () => 200, manager)
    const times = await rounds({ bare, latchkey })
    const ratios = times.bare.map((time, at) => (times.latchkey[at] ?? Number.NaN) / time)
    results.push({
      client,
      bareUs: median(times.bare),
      latchkeyUs: median(times.latchkey),
      ratio: median(ratios),
    })
  }
  return results
}
