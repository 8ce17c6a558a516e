import type { ColdStart } from '../measures/cold-start.ts'
import type { Memory } from '../measures/memory.ts'
import type { Overhead } from '../measures/overhead.ts'
import type { Processes } from '../measures/processes.ts'
import type { Steady } from '../measures/steady.ts'
import type { Storm } from '../measures/storm.ts'
import type { Remainder } from '../sizes/anatomy.ts'
import type { Size } from '../sizes/sizes.ts'

/** Everything measured in one run; a section that was left out is missing. */
export interface Results {
  machine: { node: string; cpu: string; cpus: number; at: string }
  overhead?: Overhead[]
  loopback?: Overhead[]
  storm?: Storm[]
  steady?: Steady[]
  processes?: Processes[]
  memory?: Memory
  sizes?: Size[]
  anatomy?: Remainder[]
  coldStart?: ColdStart[]
}

export type Section = Exclude<keyof Results, 'machine'>

/** `results` as a file: one row a line, so that a diff shows what moved. Bundles come without their modules, which no page shows. */
export function resultsText(results: Results): string {
  const text = (row: unknown) =>
    JSON.stringify(row, (name, value: unknown) => (name === 'modules' ? undefined : value))
  const parts = Object.entries(results).map(([name, part]: [string, unknown]) => {
    const rows = Array.isArray(part) && part.map((row) => `\n${text(row)}`).join(',')
    return `"${name}": ${rows === false ? text(part) : `[${rows}\n]`}`
  })
  return `{\n${parts.join(',\n')}\n}\n`
}
