import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { bundleProgram } from './bundle.ts'
import type { CaseResult } from './cases.ts'
import { installProgram } from './install.ts'
import type { RunningRuntime } from './runtime.ts'
import type { Visit } from './worker.ts'

/** A worker on any free port, that may talk to this machine. */
const config = `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);

const worker :Workerd.Worker = (
  modules = [(name = "worker.mjs", esModule = embed "worker.mjs")],
  compatibilityDate = "2026-11-01",
);
`

export interface RunningWorker extends RunningRuntime {
  /** What the worker answers a visitor. */
  visit(visit: Visit): Promise<string>
}

/** The runtime of Cloudflare's Workers: it takes one file, and is driven by requests. */
export async function startWorkerd(spec: string): Promise<RunningWorker> {
  const command = join(await installProgram(spec), 'bin/workerd')
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-workerd-'))
  const code = await bundleProgram(new URL('worker.ts', import.meta.url), {
    format: 'es',
    conditions: ['workerd', 'worker', 'browser'],
  })
  await writeFile(join(folder, 'worker.mjs'), code)
  await writeFile(join(folder, 'config.capnp'), config)
  // It tells the port on the descriptor named here, as JSON. What it logs are the faults of the cases.
  const child = spawn(command, ['serve', 'config.capnp', '--control-fd=1'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [line = ''] = (await once(createInterface(child.stdout), 'line')) as string[]
  const { port } = JSON.parse(line) as { port: number }
  const post = (path: string, body: object) =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(60_000),
    })
  return {
    run: async (order) => (await (await post('/cases', order)).json()) as CaseResult[],
    visit: async (visit) => (await post('/visit', visit)).text(),
    async stop() {
      child.kill('SIGKILL') // it would wait for what is still under way
      await once(child, 'close')
      await rm(folder, { recursive: true, force: true })
    },
  }
}
