import { Session } from 'node:inspector/promises'
import process from 'node:process'
import { clientNames, loadFamily } from './clients/families.ts'
import { stubWorld } from './worlds/world.ts'

// node bench/src/profile.ts axios [bare|constant]: where the time of a request with a fresh token goes
const [client = 'fetch', which = 'latchkey'] = process.argv.slice(2)
const REQUESTS = 60_000
const SHOWN = 28

const found = clientNames.find((name) => name === client)
if (!found) throw new Error(`No client is called ${client}.`)
const family = await loadFamily(found)
const contender = family[which as 'latchkey' | 'bare' | 'constant']
if (!contender) throw new Error(`There is no ${which} for ${client}.`)
const call = await contender.connect(stubWorld())
for (let n = 0; n < 5_000; n += 1) await call() // compiled first

const session = new Session()
session.connect()
await session.post('Profiler.enable')
await session.post('Profiler.setSamplingInterval', { interval: 100 })
await session.post('Profiler.start')
const start = performance.now()
for (let n = 0; n < REQUESTS; n += 1) await call()
const took = performance.now() - start
const { profile } = await session.post('Profiler.stop')

const ticks = new Map<number, number>()
for (const id of profile.samples ?? []) ticks.set(id, (ticks.get(id) ?? 0) + 1)
const usPerTick = (took * 1_000) / REQUESTS / (profile.samples ?? []).length
const places = new Map<string, number>()
const owners = new Map<string, number>()
for (const { id, callFrame } of profile.nodes) {
  const { functionName, url, lineNumber } = callFrame
  const us = (ticks.get(id) ?? 0) * usPerTick
  const file = nameOf(url)
  add(places, `${functionName || '(anonymous)'} ${file && `${file}:${lineNumber + 1}`}`, us)
  add(owners, file ? ownerOf(file) : functionName, us)
}
console.log(`${which} on ${client}: ${((took * 1_000) / REQUESTS).toFixed(1)} µs a request`)
print(owners, 'whose')
print(places, 'where')

/** `@latchkey/core/renewal.js`, `axios/lib/core/Axios.js`, `node:internal/...` */
function nameOf(url: string): string {
  return url
    .replace(/^.*\/node_modules\//, '')
    .replace(/^.*\/packages\/([a-z]+)\/(dist|src)/, '@latchkey/$1')
    .replace(/^.*\/bench\/src\//, 'bench/')
}

function ownerOf(file: string): string {
  return /^(@[^/]+\/[^/]+|node:|[^/]+)/.exec(file)?.[0] ?? file
}

function add(sums: Map<string, number>, name: string, us: number): void {
  sums.set(name, (sums.get(name) ?? 0) + us)
}

function print(sums: Map<string, number>, title: string): void {
  const rows = [...sums].filter(([, us]) => us >= 0.05).toSorted(([, a], [, b]) => b - a)
  console.table(
    rows.slice(0, SHOWN).map(([name, us]) => ({ [title]: name, us: Number(us.toFixed(2)) })),
  )
}
