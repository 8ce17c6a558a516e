import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { fillTables } from './report/document.ts'
import type { Results } from './report/results.ts'
import { type Bar, type BarChart, barChart } from './report/svg.ts'

// node bench/src/charts.ts: draws docs/project/charts/*.svg and writes the tables of
// docs/project/performance.md, all from docs/project/charts/results.json
const folder = new URL('../../docs/project/charts/', import.meta.url)
const results = JSON.parse(readFileSync(new URL('results.json', folder), 'utf8')) as Results

const charts: Record<string, BarChart> = {
  'overhead.svg': overhead(results.overhead ?? [], 'in process; time computed'),
  'loopback.svg': overhead(results.loopback ?? [], 'to a real server; time computed by the client'),
  'storm.svg': storm(results),
  'steady.svg': steady(results),
}
for (const [name, chart] of Object.entries(charts)) {
  writeFileSync(new URL(name, folder), barChart(chart))
  process.stdout.write(`${name}\n`)
}

const guide = new URL('../performance.md', folder)
writeFileSync(guide, fillTables(readFileSync(guide, 'utf8'), results))

function overhead(rows: NonNullable<Results['overhead']>, where: string): BarChart {
  const isShown = (name: string) => name !== 'bare' && name !== 'constant header'
  const shown = rows.filter(({ mode, name }) => mode === 'sequential' && isShown(name))
  return {
    title: 'A request with a fresh token, against a constant header',
    subtitle: `One after the other, ${where}. Median of alternating rounds.`,
    groups: byClient(shown, ({ name, toConstant, us }) => ({
      label: name,
      value: toConstant.median,
      text: `${toConstant.median.toFixed(2)}x (${us.toFixed(0)} µs)`,
    })),
    limit: { value: 1.05, label: '1.05x' },
    max: 3,
  }
}

function storm({ storm: rows = [] }: Results): BarChart {
  const shown = rows.filter(({ requests, latency }) => requests === 10_000 && latency === 'far')
  return {
    title: '10,000 requests find their token dead at once',
    subtitle:
      'Server 20 ms away, renewing in 200 ms. Wall time against the ideal of the same client.',
    groups: byClient(shown, ({ name, toIdeal, renewals, failures }) => ({
      label: name,
      value: toIdeal.median,
      text: `${toIdeal.median.toFixed(2)}x, ${count(renewals, 'renewal')}, ${count(failures, 'failure')}`,
    })),
    limit: { value: 1.1, label: '1.1x' },
    max: 3,
  }
}

function steady({ steady: rows = [] }: Results): BarChart {
  return {
    title: 'Expiry under steady load: the slowest 1 % of requests',
    subtitle: '2-second tokens, server 20 ms away, renewing in 200 ms. p99 in ms, and who waited.',
    groups: byClient(rows, ({ name, p99Ms, waited, requests }) => ({
      label: name,
      value: p99Ms,
      text: `${p99Ms.toFixed(0)} ms, ${((100 * waited) / requests).toFixed(1)} % waited`,
    })),
    max: 400,
  }
}

function byClient<Row extends { client: string; name: string }>(
  rows: readonly Row[],
  draw: (row: Row) => Bar,
): BarChart['groups'] {
  const clients = [...new Set(rows.map(({ client }) => client))]
  return clients.map((label) => {
    const own = rows.filter(({ client }) => client === label)
    return { label, bars: own.map((row) => ({ ...draw(row), isOurs: row.name === 'latchkey' })) }
  })
}

function count(number: number, what: string): string {
  return `${number.toLocaleString('en')} ${what}${number === 1 ? '' : 's'}`
}
