import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { sections } from './measures/sections.ts'
import { type Results, resultsText, type Section } from './report/results.ts'
import { printBudgets, printSection } from './report/tables.ts'

// npm run bench [-- results.json] [--only overhead,storm]: with --only, what else the file holds stays
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string' } },
})
const all = Object.keys(sections) as Section[]
const chosen = values.only?.split(',') ?? all
const unknown = chosen.filter((name) => !all.includes(name as Section))
if (unknown.length > 0) {
  console.error(`No section is called ${unknown.join(', ')}. There are: ${all.join(', ')}.`)
  process.exit(2)
}

const cpu = cpus()[0]?.model ?? 'unknown'
const machine = { node: process.version, cpu, cpus: availableParallelism() }
const results: Results = { machine: { ...machine, at: new Date().toISOString().slice(0, 10) } }
console.log(`Node ${machine.node}, ${machine.cpus} x ${cpu}`)
for (const name of all.filter((section) => chosen.includes(section))) {
  const start = performance.now()
  Object.assign(results, { [name]: await sections[name]() })
  printSection(name, results)
  console.log(`in ${((performance.now() - start) / 1_000).toFixed(0)} s`)
}
printBudgets(results)

const [file] = positionals
if (file) {
  const isKept = values.only !== undefined && existsSync(file)
  const kept = isKept ? (JSON.parse(readFileSync(file, 'utf8')) as Partial<Results>) : {}
  writeFileSync(file, resultsText({ ...kept, ...results }))
}
