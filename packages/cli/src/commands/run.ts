import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import process from 'node:process'
import { ExitCode } from '../exit-code.ts'
import { Failure } from '../failure.ts'
import { freshCredential } from '../fresh-credential.ts'
import { type SessionOptions, useSession } from '../session.ts'

/** Signals that a terminal sends to every process in its foreground group. */
const fromTerminal = new Set<NodeJS.Signals>(['SIGINT', 'SIGQUIT', 'SIGHUP'])
/** The signals that are left to the command. */
const signals: readonly NodeJS.Signals[] = [...fromTerminal, 'SIGTERM']

/**
 * Runs a command with a fresh token in its environment: `LATCHKEY_URL`, `LATCHKEY_TOKEN` and `LATCHKEY_HEADER`
 * (`xc-auth: …`). The token is not in the arguments, because every user of the machine can read those. For an API
 * token, also sets the variables that `nocodbFromEnv` reads. Exits with the command's exit code.
 */
export async function run(command: readonly string[], options: SessionOptions): Promise<void> {
  const [file = '', ...args] = command
  const env = { ...process.env, ...(await tokenVariables(options)) }
  try {
    process.exitCode = await outcomeOf(file, args, env)
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    const code = isMissing ? ExitCode.commandNotFound : ExitCode.commandNotStarted
    // The message leaves it out if it may be `NAME=secret`, which a shell accepts before a command.
    if (/[=\s]/.test(file)) throw new Failure(code, 'The command could not be started.')
    throw new Failure(code, `${file} could not be started.`, { cause })
  }
}

async function outcomeOf(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const child = spawn(file, args, { stdio: 'inherit', env })
  const { stdin, stdout, stderr } = process
  const isInTerminal = [stdin, stdout, stderr].some(({ isTTY }) => isTTY)
  const pass = (signal: NodeJS.Signals) => {
    // In a terminal the command has received it too. A second Ctrl-C would make many programs stop at once.
    if (!isInTerminal || !fromTerminal.has(signal)) child.kill(signal)
  }
  for (const signal of signals) process.on(signal, pass)
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
    return code ?? 128 + (signal ? constants.signals[signal] : 0)
  } finally {
    for (const signal of signals) process.off(signal, pass)
  }
}

async function tokenVariables(options: SessionOptions): Promise<Record<string, string>> {
  const session = await useSession(options)
  const { token, header } = await freshCredential(session)
  const [name, value] = header
  return {
    LATCHKEY_URL: session.url,
    LATCHKEY_TOKEN: token,
    LATCHKEY_HEADER: `${name}: ${value}`,
    ...(name === 'xc-token' && { NOCODB_URL: session.url, NOCODB_API_TOKEN: token }),
  }
}
