import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { CaseResult } from './cases.ts'
import { installProgram } from './install.ts'
import type { RunningRuntime } from './runtime.ts'

const program = fileURLToPath(new URL('process.ts', import.meta.url))

/**
 * A runtime that is a program for the terminal and reads TypeScript and node_modules by itself: a process
 * for each order. `binary` is a path within the package, `options` come before the script.
 */
export const startProcesses =
  (binary: string, options: readonly string[]) =>
  async (spec: string): Promise<RunningRuntime> => {
    const command = join(await installProgram(spec), binary)
    return {
      async run(order) {
        const args = [...options, program, JSON.stringify(order)]
        const limits = { timeout: 60_000, maxBuffer: Infinity }
        const { stdout } = await promisify(execFile)(command, args, limits)
        return JSON.parse(stdout) as CaseResult[]
      },
      stop: () => Promise.resolve(),
    }
  }
