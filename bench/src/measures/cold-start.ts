import { spawnSync } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { entries } from '../sizes/bundles.ts'
import { alternate, median } from './rounds.ts'

/** What importing an entry adds to the start of a process. */
export interface ColdStart {
  name: string
  /** The whole process, in milliseconds: the median of all rounds. */
  ms: number
  /** Beyond a process that imports nothing, in milliseconds. */
  addedMs: number
}

const NOTHING = 'nothing'
const EXTENT = { budgetMs: 10_000, minRounds: 5, maxRounds: 15, warmUp: 1 }

export async function measureColdStart(): Promise<ColdStart[]> {
  const names = [NOTHING, ...entries, 'axios', 'ky']
  const times = await alternate(
    Object.fromEntries(names.map((name) => [name, async () => start(name)])),
    EXTENT,
  )
  const base = times[NOTHING] ?? []
  return names.map((name) => {
    const own = times[name] ?? []
    const added = own.map((ms, at) => ms - (base[at] ?? Number.NaN))
    return { name, ms: median(own), addedMs: median(added) }
  })
}

const cwd = fileURLToPath(new URL('../..', import.meta.url))

function start(name: string): void {
  const code = name === NOTHING ? '' : `import '${name}'`
  const { status } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], { cwd })
  if (status !== 0) throw new Error(`Importing ${name} failed.`)
}
