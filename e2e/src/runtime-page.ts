import { runCases } from './runtime-cases.ts'

Object.assign(globalThis, { runCases })
