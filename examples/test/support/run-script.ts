import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface Finished {
  code: number | null
  /** What it printed, errors included. */
  output: string
}

type Environment = Record<string, string>

const examples = fileURLToPath(new URL('../..', import.meta.url))

/** Runs a script of an example as its README says, without a terminal, and waits for its end. */
export function runScript(script: string, args: string[], env: Environment): Promise<Finished> {
  return startScript(script, args, env).finished
}

/** Starts a script; `printed` resolves with its output as soon as `text` is in it. */
export function startScript(script: string, args: string[], env: Environment) {
  const { PATH = '', HOME = '' } = process.env
  const child: ChildProcess = spawn(process.execPath, [script, ...args], {
    cwd: examples,
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let notify: () => void = () => undefined
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text
      notify()
    })
  }
  const finished: Promise<Finished> = once(child, 'close').then(([code]) => ({ code, output }))
  const printed = (text: string) =>
    new Promise<string>((resolve, reject) => {
      notify = () => output.includes(text) && resolve(output)
      notify()
      void finished.then(() => reject(new Error(`it ended without "${text}":\n${output}`)))
    })
  return { child, finished, printed }
}
