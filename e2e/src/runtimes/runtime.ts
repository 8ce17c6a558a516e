import type { Platform } from '@latchkey/testing/adapter-contract'
import type { CaseOrder, CaseResult } from './cases.ts'

/** A runtime that the contract's cases can be run in. */
export interface Runtime {
  name: string
  /** The npm package that brings it, with its version. Absent: the machine does. */
  spec?: string
  /** What it makes impossible, as docs/runtimes.md says. */
  platform: Platform
  axiosStream?: 'node' | 'web'
  start(spec: string): Promise<RunningRuntime>
}

export interface RunningRuntime {
  run(order: CaseOrder): Promise<CaseResult[]>
  stop(): Promise<void>
}
