import type { Ratio } from '../measures/rounds.ts'
import { judge } from './budgets.ts'
import type { Results } from './results.ts'

type Row = readonly (string | number)[]

/**
 * `markdown` with its tables filled from `results`: what stands between `<!-- table: name -->` and the
 * next `<!-- /table -->` is written anew.
 */
export function fillTables(markdown: string, results: Results): string {
  const made = tables(results)
  return markdown.replaceAll(
    /<!-- table: (\w+) -->[^]*?<!-- \/table -->/g,
    (_, name: string) => `<!-- table: ${name} -->\n\n${made[name] ?? ''}\n<!-- /table -->`,
  )
}

const tables = (results: Results): Record<string, string> => ({
  machine: `Node ${results.machine.node}, ${results.machine.cpus} cores of ${results.machine.cpu}, ${results.machine.at}.\n`,
  budgets: budgets(results),
  overhead: overhead(results.overhead),
  loopback: overhead(results.loopback),
  storm: storm(results),
  steady: steady(results),
  processes: table(
    [
      'store',
      'processes',
      'load per core',
      'requests',
      'fewest of one',
      'failures',
      'generations',
      'renewals per generation',
    ],
    (results.processes ?? []).map((row) => [
      row.store,
      row.processes,
      row.load ?? 0,
      row.requests,
      row.fewest ?? 'not counted',
      row.failures,
      row.generations,
      row.renewalsPerGeneration.toFixed(2),
    ]),
  ),
  memory: memory(results),
  sizes: table(
    ['bundle', 'minified', 'gzipped'],
    (results.sizes ?? []).map(({ name, min, gzip }) => [name, bytes(min), bytes(gzip)]),
  ),
  anatomy: table(
    ['and without', 'left, gzipped', 'of it'],
    (results.anatomy ?? []).map(({ without, gzip }, at, rows) => [
      without,
      bytes(gzip),
      at === 0 ? '' : bytes((rows[at - 1]?.gzip ?? gzip) - gzip),
    ]),
  ),
  coldStart: table(
    ['import', 'whole process, ms', 'added, ms'],
    (results.coldStart ?? []).map(({ name, ms, addedMs }) => [name, fixed(ms), fixed(addedMs)]),
  ),
})

const budgets = (results: Results) =>
  table(
    ['what', 'budget', 'measured', 'of the budget', ''],
    judge(results).map(({ what, budget, measured, factor, held }) => [
      what,
      budget,
      measured,
      factor === undefined ? '' : `${factor.toFixed(2)}x`,
      held ? 'held' : '**not held**',
    ]),
  )

const overhead = (rows: Results['overhead'] = []) =>
  table(
    ['client', '', 'mode', 'µs', 'against a constant header', 'against bare', 'fastest rounds'],
    rows.map((row) => [
      row.client,
      row.name,
      row.mode,
      fixed(row.us),
      spread(row.toConstant),
      spread(row.toBare),
      row.fastestToBare.toFixed(2),
    ]),
  )

const storm = ({ storm: rows = [] }: Results) =>
  table(
    ['client', '', 'requests', 'latency', 'renewals', 'failures', 'ms', 'against the ideal'],
    rows
      .filter(({ requests }) => requests > 100)
      .map((row) => [
        row.client,
        row.name,
        bytes(row.requests),
        row.latency,
        bytes(row.renewals),
        bytes(row.failures),
        fixed(row.ms),
        spread(row.toIdeal),
      ]),
  )

const steady = ({ steady: rows = [] }: Results) =>
  table(
    ['client', '', 'waited', 'failed', 'renewals', 'p50 ms', 'p99 ms', 'max ms', 'p99 x never'],
    rows.map((row) => [
      row.client,
      row.name,
      `${((100 * row.waited) / row.requests).toFixed(1)} %`,
      row.failures,
      row.renewals,
      fixed(row.p50Ms),
      fixed(row.p99Ms),
      fixed(row.maxMs),
      row.p99ToNever.toFixed(2),
    ]),
  )

const memory = ({ memory: measured }: Results) =>
  table(
    ['heap', 'bytes'],
    measured
      ? [
          ['a signed-in manager', bytes(measured.perManager)],
          ['a request under way, beyond the bare client', bytes(measured.perRequest)],
          ['left behind by 10,000 renewals, all together', bytes(measured.afterRenewals)],
        ]
      : [],
  )

function table(head: Row, rows: readonly Row[]): string {
  const line = (cells: Row) => `| ${cells.join(' | ')} |`
  return [head, head.map(() => '---'), ...rows].map((cells) => `${line(cells)}\n`).join('')
}

const fixed = (value: number) => value.toFixed(1)
const bytes = (value: number) => Math.round(value).toLocaleString('en')
const spread = ({ median, low, high }: Ratio) =>
  `${median.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`
