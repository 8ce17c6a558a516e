import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import process from 'node:process'
import { credentialHeader } from '../credential-header.ts'
import { ExitCode } from '../exit-code.ts'
import { Failure } from '../failure.ts'
import { type SessionOptions, useSession } from '../session.ts'

/** The signals that a terminal or a supervisor sends: they are the command's to answer. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Runs a command with a fresh token in its environment, never in its arguments, which everybody on the
 * machine can read: `LATCHKEY_URL`, `LATCHKEY_TOKEN` and `LATCHKEY_HEADER` (`xc-auth: …`); for an API
 * token also what `nocodbFromEnv` reads. Ends as the command did.
 */
export async function run(command: readonly string[], options: SessionOptions): Promise<void> {
  const [file = '', ...args] = command
  const env = { ...process.env, ...(await tokenVariables(options)) }
  const child = spawn(file, args, { stdio: 'inherit', env })
  const forward = (signal: NodeJS.Signals) => void child.kill(signal)
  for (const signal of signals) process.on(signal, forward)
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
    process.exitCode = code ?? 128 + (signal ? constants.signals[signal] : 0)
  } catch (error) {
    throw new Failure(ExitCode.usage, `${file} could not be started.`, { cause: error })
  } finally {
    for (const signal of signals) process.off(signal, forward)
  }
}

async function tokenVariables(options: SessionOptions): Promise<Record<string, string>> {
  const session = await useSession(options)
  const { accessToken } = await session.manager.getTokens()
  const [name, value] = await credentialHeader(session)
  return {
    LATCHKEY_URL: session.url,
    LATCHKEY_TOKEN: accessToken,
    LATCHKEY_HEADER: `${name}: ${value}`,
    ...(name === 'xc-token' && { NOCODB_URL: session.url, NOCODB_API_TOKEN: accessToken }),
  }
}
