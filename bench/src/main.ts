import { writeFileSync } from 'node:fs'
import process from 'node:process'
import { measureOverhead } from './overhead.ts'
import { measureStorm } from './storm.ts'

// npm run bench [-- results.json]
const [file] = process.argv.slice(2)

const round = (value: number, digits: number) => Number(value.toFixed(digits))

const overhead = await measureOverhead()
console.log(
  '\nA request with a fresh token, in process, one after the other (microseconds, medians):',
)
console.table(
  overhead.map(({ client, bareUs, latchkeyUs, ratio }) => ({
    client,
    bare: round(bareUs, 1),
    latchkey: round(latchkeyUs, 1),
    ratio: round(ratio, 2),
  })),
)

const storm = [
  ...(await measureStorm(100)),
  ...(await measureStorm(1_000)),
  ...(await measureStorm(10_000)),
]
console.log('Requests that find their token dead at once:')
console.table(storm.map((row) => ({ ...row, ms: round(row.ms, 0) })))

if (file) writeFileSync(file, `${JSON.stringify({ overhead, storm }, undefined, 2)}\n`)
