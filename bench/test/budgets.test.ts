import { describe, expect, test } from 'vitest'
import { loadFamily } from '../src/clients/families.ts'
import { runJob } from '../src/measures/jobs.ts'
import { sizeBudgets } from '../src/report/budgets.ts'
import { entryBundles, usualBundles } from '../src/sizes/bundles.ts'
import { sizeOf } from '../src/sizes/sizes.ts'
import { stubWorld } from '../src/worlds/world.ts'
import { measuredSizes } from './measured-sizes.ts'

/** Growth beyond this is a decision, and belongs into measured-sizes.ts. */
const SLACK = 1.02

describe('bundles', () => {
  const bundles = [...usualBundles, ...entryBundles]

  test.each(bundles)('$name has not grown', async (source) => {
    const { gzip } = await sizeOf(source)
    expect(gzip).toBeLessThanOrEqual((measuredSizes[source.name] ?? 0) * SLACK)
  })

  test('what each weighs and what it may weigh is written down for the bundles that exist', () => {
    const names = bundles.map(({ name }) => name)
    expect(Object.keys(measuredSizes).toSorted()).toEqual(names.toSorted())
    expect(names).toEqual(expect.arrayContaining(Object.keys(sizeBudgets)))
  })
})

describe('a storm', () => {
  const clients = ['fetch', 'ky', 'axios'] as const
  const cases = clients.flatMap((client) => [100, 1_000, 10_000].map((size) => ({ client, size })))

  test.each(cases)(
    'of $size 401s renews once and fails nobody, on $client',
    async (storm) => {
      const { latchkey } = await loadFamily(storm.client)
      if (!latchkey) throw new Error('This client has no adapter.')
      const world = stubWorld()
      const call = await latchkey.connect(world)
      world.killTokens()
      const statuses = await Promise.all(Array.from({ length: storm.size }, () => call()))
      expect(statuses.filter((status) => status === 200)).toHaveLength(storm.size)
      expect(world.renewals()).toBe(1)
      expect(world.sends()).toBe(storm.size * 2)
    },
    60_000,
  )
})

describe('memory', () => {
  test('10,000 renewals leave nothing behind, and managers and waiting requests are small', async () => {
    const { afterRenewals, perManager, perRequest } = await runJob('measureMemory')
    expect(afterRenewals).toBeLessThan(100_000) // ten bytes for each
    expect(perManager).toBeLessThan(6_500)
    expect(perRequest).toBeLessThan(4_500)
  }, 60_000)
})
