import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface RunningExample {
  url: string
  stop(): void
}

/** `examples/<name>` as its README starts it, on a free port. */
export async function startExample(
  name: string,
  more: Record<string, string> = {},
): Promise<RunningExample> {
  const main = fileURLToPath(new URL(`../../../examples/${name}/src/main.ts`, import.meta.url))
  const env = { ...process.env, PORT: '0', ...more }
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface(child.stdout)) {
    const url = /http:\/\/\S+/.exec(line)?.[0]
    if (url) return { url, stop: () => void child.kill() }
  }
  throw new Error(`examples/${name} ended before it listened`)
}
