import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { lastLines } from '../processes/child-process.ts'
import { installProgram } from '../runtimes/install.ts'

/** A package registry of our own, for `@latchkey/*` only: the rest comes from wherever it always does. */
export interface PackageRegistry {
  readonly url: string
  /** The lines of an `.npmrc` that make npm and pnpm use it. */
  readonly settings: string
  /** Ends it and removes what was published. */
  close(): Promise<void>
}

const script = fileURLToPath(new URL('package-registry-process.ts', import.meta.url))

/** Starts Verdaccio on a free port of the loopback interface, empty. */
export async function startPackageRegistry(): Promise<PackageRegistry> {
  // verdaccio-audit asks for a dist-tag, "cjs", which a mirror of the registry may not have.
  const verdaccio = await installProgram('verdaccio@6.10.4', { 'node-fetch': '2.7.0' })
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-registry-'))
  const child = fork(script, [verdaccio, folder], { execArgv: [], silent: true })
  const tail = lastLines([child.stdout, child.stderr].filter((stream) => stream !== null))
  const ended = once(child, 'exit')
  const failed = ended.then(([code]) => {
    throw new Error(`Verdaccio ended with ${code}. Its last lines:\n${tail()}`)
  })
  failed.catch(() => undefined) // it ends in the end
  const [port] = (await Promise.race([once(child, 'message'), failed])) as [number]
  const host = `127.0.0.1:${port}`
  return {
    url: `http://${host}`,
    // Whoever publishes has to have some token; this registry lets everybody.
    settings: `@latchkey:registry=http://${host}/\n//${host}/:_authToken=nobody\n`,
    async close() {
      child.kill('SIGKILL')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}
