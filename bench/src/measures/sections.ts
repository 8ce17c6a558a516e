import { clientNames } from '../clients/families.ts'
import type { Results, Section } from '../report/results.ts'
import { measureAnatomy } from '../sizes/anatomy.ts'
import { measureSizes } from '../sizes/sizes.ts'
import { hasRedis } from '../worlds/redis-server.ts'
import { measureColdStart } from './cold-start.ts'
import { runJob } from './jobs.ts'

type Measures = { [Name in Section]: () => Promise<NonNullable<Results[Name]>> }

const STORMS = [
  [100, 'far'],
  [1_000, 'none'],
  [1_000, 'far'],
  [10_000, 'none'],
  [10_000, 'far'],
] as const

/** The sections of a run, in the order they are measured. */
export const sections: Measures = {
  sizes: measureSizes,
  anatomy: measureAnatomy,
  overhead: () => each(clientNames, (client) => runJob('measureOverhead', client)),
  loopback: () => each(clientNames, (client) => runJob('measureLoopback', client)),
  storm: () =>
    each(STORMS, ([requests, latency]) =>
      each(clientNames, (client) => runJob('measureStorms', client, requests, latency)),
    ),
  steady: () => each(clientNames, (client) => runJob('measureSteady', client)),
  processes() {
    if (!hasRedis()) console.log('There is no redis-server on PATH: its part is left out.')
    return each(['file', 'redis'] as const, (store) => runJob('measureProcesses', store))
  },
  memory: () => runJob('measureMemory'),
  coldStart: measureColdStart,
}

/** One after the other: nothing is measured while something else is. */
async function each<Item, Row>(
  items: readonly Item[],
  measure: (item: Item) => Promise<Row[]>,
): Promise<Row[]> {
  const rows: Row[] = []
  for (const item of items) rows.push(...(await measure(item)))
  return rows
}
