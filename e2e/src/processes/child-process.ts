import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'

/** Ends this child and nothing else; resolves when it is gone. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const impatience = setTimeout(() => child.kill('SIGKILL'), 5000)
  await ended
  clearTimeout(impatience)
}

/** This process's environment without what would lead a server elsewhere, or change how Node runs it. */
export function ownEnvironment(foreign: RegExp): NodeJS.ProcessEnv {
  const ofRuns = /^(NODE_OPTIONS$|NODE_ENV$|VITEST|TEST$|PORT$|HOST$)/
  const isOurs = ([name]: [string, unknown]) => !ofRuns.test(name) && !foreign.test(name)
  return Object.fromEntries(Object.entries(process.env).filter(isOurs))
}

/** Keeps the end of what a child process says. @returns a function that gives its last lines. */
export function lastLines(streams: readonly Readable[], limit = 40): () => string {
  let text = ''
  for (const stream of streams) {
    stream.setEncoding('utf8')
    stream.on('data', (chunk: string) => {
      text = (text + chunk).split('\n').slice(-limit).join('\n')
    })
  }
  return () => text.trim()
}
