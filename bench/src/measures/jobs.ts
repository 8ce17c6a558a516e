import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { measureMemory } from './memory.ts'
import type { measureLoopback, measureOverhead } from './overhead.ts'
import type { measureProcesses } from './processes.ts'
import type { measureSteady } from './steady.ts'
import type { measureStorms } from './storm.ts'

/** What is measured in a process of its own: by name, in which file, and what it takes and gives. */
interface Jobs {
  measureOverhead: typeof measureOverhead
  measureLoopback: typeof measureLoopback
  measureStorms: typeof measureStorms
  measureSteady: typeof measureSteady
  measureProcesses: typeof measureProcesses
  measureMemory: typeof measureMemory
}

const files: Record<keyof Jobs, string> = {
  measureOverhead: 'overhead.ts',
  measureLoopback: 'overhead.ts',
  measureStorms: 'storm.ts',
  measureSteady: 'steady.ts',
  measureProcesses: 'processes.ts',
  measureMemory: 'memory.ts',
}

/**
 * Runs one measurement in a process of its own, so that none leaves garbage, hot code or a patched
 * global to the next.
 */
export async function runJob<Name extends keyof Jobs>(
  name: Name,
  ...args: Parameters<Jobs[Name]>
): Promise<Awaited<ReturnType<Jobs[Name]>>> {
  const job = fileURLToPath(new URL('job.ts', import.meta.url))
  const file = new URL(files[name], import.meta.url).href
  const child = fork(job, [file, name, JSON.stringify(args)], { execArgv: ['--expose-gc'] })
  const ended = once(child, 'exit')
  const results: unknown[] = []
  child.on('message', (result) => results.push(result))
  await ended
  if (results.length === 0) throw new Error(`${name} ended without a result.`)
  return results[0] as Awaited<ReturnType<Jobs[Name]>>
}
