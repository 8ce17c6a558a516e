#!/usr/bin/env node
import process from 'node:process'
import { CommanderError } from 'commander'
import { ExitCode } from './exit-code.ts'
import { createProgram } from './program.ts'

// Node 22 warns at every command that SQLite (the lock of the file store) and its proxy support are experimental.
for (const tell of process.listeners('warning')) {
  process.off('warning', tell)
  process.on('warning', (warning: Error & { code?: string }) => {
    if (warning.name !== 'ExperimentalWarning' && warning.code !== 'UNDICI-EHPA') tell(warning)
  })
}

// Output that cannot be written ends nothing: a session is still renewed, saved or signed out to the end.
process.stderr.on('error', () => undefined)
let told: unknown // an error of stdout may reach its command as well
process.stdout.on('error', (error) => void endWith(error))

try {
  const program = createProgram()
  const isCompletion = process.argv[2] === 'complete'
  if (isCompletion) (await import('./completion.ts')).addCompletion(program)
  await program.parseAsync()
} catch (error) {
  process.exitCode = await report(error)
}

async function endWith(error: unknown): Promise<void> {
  process.exitCode = (await report(error)) || process.exitCode
}

async function report(error: unknown): Promise<number> {
  // The parser has already printed the help, the version or the usage error.
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.done : ExitCode.usage
  // A reader that closes the pipe early (`latchkey status | head -n 1`) is not an error.
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'EPIPE') return ExitCode.done
  const { exitCodeOf, sayFailure } = await import('./failure.ts')
  if (error !== told) sayFailure(error)
  told = error
  const exitCode = exitCodeOf(error)
  if (exitCode === ExitCode.unavailable) await sayUnusedProxy()
  return exitCode
}

/** Names the likely reason if other programs reach the server: this Node ignores the proxy. */
async function sayUnusedProxy(): Promise<void> {
  const use = await (await import('./proxy.ts')).proxyUse()
  if (use?.advice) (await import('./terminal.ts')).say(use.advice)
}
