import type { Ratio } from '../measures/rounds.ts'
import { judge } from './budgets.ts'
import type { Results, Section } from './results.ts'

const titles: Record<Section, string> = {
  overhead:
    'A request with a fresh token, in process (microseconds computed; ratios: median and quartiles)',
  loopback: 'A request with a fresh token, to a real server on this machine (the same)',
  storm: 'Requests that find their token dead at once (far: 20 ms away, renewing in 200 ms)',
  steady: 'Expiry under steady load: 2-second tokens, 20 ms away, renewing in 200 ms',
  processes: 'Processes that share a session through a store, across expiries',
  memory: 'Heap, in bytes',
  sizes: 'Bundles, in bytes',
  anatomy: 'What is left of core + fetch, in bytes, when one part after the other is taken away',
  coldStart: 'A process that imports an entry and ends, in milliseconds',
}

/** Prints one section as a table. */
export function printSection(name: Section, results: Results): void {
  const rows = results[name]
  console.log(`\n${titles[name]}`)
  console.table(Array.isArray(rows) ? rows.map((row) => cells(row)) : cells(rows ?? {}))
}

/** Prints what became of the budgets. */
export function printBudgets(results: Results): void {
  const verdicts = judge(results)
  if (verdicts.length === 0) return
  const held = verdicts.filter((verdict) => verdict.held).length
  console.log(`\nBudgets: ${held} held, ${verdicts.length - held} not`)
  console.table(
    verdicts.map(({ factor, ...verdict }) => ({
      ...verdict,
      held: verdict.held ? 'held' : 'NOT HELD',
      factor: factor?.toFixed(2) ?? '',
    })),
  )
}

function cells(row: object): Record<string, unknown> {
  const entries = Object.entries(row).filter(([name]) => name !== 'modules')
  return Object.fromEntries(entries.map(([name, value]) => [name, cell(value)]))
}

function cell(value: unknown): unknown {
  if (typeof value === 'number') return Number(value.toFixed(Math.abs(value) < 100 ? 2 : 0))
  if (typeof value !== 'object' || value === null || !('median' in value)) return value
  const { median, low, high } = value as Ratio
  return `${median.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`
}
