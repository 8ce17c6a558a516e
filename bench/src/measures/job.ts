import process from 'node:process'

// What jobs.ts starts: one measurement, in a process of its own.
const [file = '', name = '', args = '[]'] = process.argv.slice(2)
const measures = (await import(file)) as Record<string, (...args: unknown[]) => Promise<unknown>>
const result = await measures[name]?.(...(JSON.parse(args) as unknown[]))
process.send?.(result, () => process.exit())
