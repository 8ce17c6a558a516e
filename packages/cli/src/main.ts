#!/usr/bin/env node
import process from 'node:process'
import { CommanderError } from 'commander'
import { ExitCode } from './exit-code.ts'
import { createProgram } from './program.ts'

// Node 22 calls the SQLite behind the file store's lock experimental, and its use of a proxy, at every command.
for (const tell of process.listeners('warning')) {
  process.off('warning', tell)
  process.on('warning', (warning: Error & { code?: string }) => {
    if (warning.name !== 'ExperimentalWarning' && warning.code !== 'UNDICI-EHPA') tell(warning)
  })
}

// A reader that has seen enough (`latchkey status | head -n 1`) is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? ExitCode.done : ExitCode.failed)
  })
}

try {
  const program = createProgram()
  const isCompletion = process.argv[2] === 'complete'
  if (isCompletion) (await import('./completion.ts')).addCompletion(program)
  await program.parseAsync()
} catch (error) {
  process.exitCode = await report(error)
}

async function report(error: unknown): Promise<number> {
  // The parser has said it already: help, the version, or what is wrong with the arguments.
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.done : ExitCode.usage
  const { exitCodeOf, sayFailure } = await import('./failure.ts')
  sayFailure(error)
  const exitCode = exitCodeOf(error)
  if (exitCode === ExitCode.unavailable) await sayUnusedProxy()
  return exitCode
}

/** The likely reason why a server that others reach cannot be reached. */
async function sayUnusedProxy(): Promise<void> {
  const use = await (await import('./proxy.ts')).proxyUse()
  if (use?.advice) (await import('./terminal.ts')).say(use.advice)
}
