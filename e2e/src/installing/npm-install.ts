import { spawn, spawnSync } from 'node:child_process'
import { access, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { lastLines } from '../processes/child-process.ts'

/** What an installation tells while it runs. */
export interface InstallOptions {
  /** Called with one line of text per step and, while a step lasts, every 20 seconds. */
  onProgress?: (line: string) => void
}

/** A real server that is too big for the checkout. */
export interface ServerPackage {
  /** What people call it. */
  title: string
  /** Its name on npm. */
  name: string
  version: string
  /** What fetching it costs: "1.5 GB on disk, about 2 minutes". */
  cost: string
  /** What npm's `overrides` are to say. */
  overrides?: Record<string, string>
  /** A native dependency of its that is compiled here meanwhile. */
  compile?: { dependency: string; version: string }
}

/**
 * Makes sure that a server is installed and returns its folder. Once it is, nothing happens. The folder is
 * `<cache>/<name>-<version>`, where the cache is `LATCHKEY_CACHE`, else `XDG_CACHE_HOME/latchkey`, else
 * `~/.cache/latchkey`: outside the checkout, shared by all of them. An interrupted installation leaves
 * nothing that a later one would take for complete.
 *
 * @throws Error that says what to do when a tool is missing, npm fails or something does not compile.
 */
export async function installServer(
  server: ServerPackage,
  { onProgress }: InstallOptions = {},
): Promise<string> {
  const cache = cacheFolder()
  const folder = join(cache, `${server.name}-${server.version}`)
  if (await exists(folder)) return folder

  const missing = server.compile && missingBuildTools(server.compile.dependency)
  if (missing) throw new Error(`Installing the real ${server.title} server needs ${missing}`)
  await mkdir(cache, { recursive: true })
  await removeDeadDrafts(cache, server)
  const draft = `${folder}.${process.pid}`
  await rm(draft, { recursive: true, force: true })
  await mkdir(draft)
  try {
    await fillDraft(server, draft, onProgress ?? (() => {}))
    await publish(draft, folder)
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
  onProgress?.(`${server.title} ${server.version} is installed in ${folder}`)
  return folder
}

/** @returns the folder where this project keeps what is too big to fetch twice. */
function cacheFolder(): string {
  const { LATCHKEY_CACHE, XDG_CACHE_HOME } = process.env
  return LATCHKEY_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'latchkey')
}

async function fillDraft(
  { title, name, version, cost, overrides, compile }: ServerPackage,
  draft: string,
  onProgress: (line: string) => void,
): Promise<void> {
  const pinned = compile && { [compile.dependency]: compile.version }
  const fetching = step(`fetching ${title} from npm (${cost})`, onProgress, () =>
    install(draft, { dependencies: { [name]: version }, overrides: { ...overrides, ...pinned } }),
  )
  if (!compile) return await fetching
  const { dependency } = compile
  const apart = join(draft, 'native')
  const built = join('node_modules', dependency, 'build')
  const compiling = step(
    `compiling ${dependency} for it (about 2 minutes)`,
    onProgress,
    async () => {
      await mkdir(apart)
      await install(apart, { dependencies: pinned })
      const compiler = ['exec', '--no', '--', 'node-gyp', 'rebuild', '--jobs', 'max']
      await npm(compiler, join(apart, 'node_modules', dependency))
    },
  )
  // Nobody may still be writing when the draft is removed after a failure.
  await Promise.allSettled([fetching, compiling])
  await Promise.all([fetching, compiling])
  await rename(join(apart, built), join(draft, built))
  await rm(apart, { recursive: true, force: true })
}

async function install(folder: string, manifest: object): Promise<void> {
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, ...manifest }))
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error']
  await npm(['install', '--ignore-scripts', ...quiet], folder)
}

/** Another process may have finished first: then its folder is as good as ours. */
async function publish(draft: string, folder: string): Promise<void> {
  try {
    await rename(draft, folder)
  } catch (error) {
    if (!(await exists(folder))) throw error
  }
}

/** A draft is named after the process that fills it; without that process nobody will finish it. */
async function removeDeadDrafts(cache: string, { name, version }: ServerPackage): Promise<void> {
  for (const entry of await readdir(cache)) {
    const pid = entry.startsWith(`${name}-${version}.`) ? entry.split('.').at(-1) : undefined
    if (pid && !isAlive(Number(pid))) await rm(join(cache, entry), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function step(
  what: string,
  onProgress: (line: string) => void,
  run: () => Promise<void>,
): Promise<void> {
  const startedAt = Date.now()
  const seconds = () => Math.round((Date.now() - startedAt) / 1000)
  onProgress(what)
  const timer = setInterval(() => onProgress(`still ${what}: ${seconds()} s`), 20_000)
  try {
    await run()
  } finally {
    clearInterval(timer)
  }
}

/** Runs npm with this very Node first on the PATH, so that it compiles for the Node that will run it. */
async function npm(args: string[], cwd: string): Promise<void> {
  const ours = process.env.npm_execpath ?? ''
  const isNpm = ours.endsWith('npm-cli.js')
  const PATH = [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter)
  const child = spawn(isNpm ? process.execPath : 'npm', isNpm ? [ours, ...args] : args, {
    cwd,
    env: { ...process.env, PATH },
    shell: !isNpm && process.platform === 'win32',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const tail = lastLines([child.stdout, child.stderr])
  const code = await new Promise<number | string | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status, signal) => resolve(status ?? signal))
  })
  if (code !== 0) throw new Error(`npm ${args[0]} failed (${code})${hint(tail())}\n${tail()}`)
}

function hint(output: string): string {
  if (output.includes('distutils')) {
    return ': this Python has no distutils; install it with `pip install setuptools`'
  }
  if (/ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN/.test(output)) {
    return ': the npm registry or, for the headers, nodejs.org is out of reach'
  }
  return ''
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  )
}

/**
 * Looks for what node-gyp compiles with, before minutes of downloading.
 * @param dependency What is to be compiled.
 * @returns what is missing and how to get it, as the end of a sentence; undefined when all is there.
 */
function missingBuildTools(dependency: string): string | undefined {
  const [major = 0] = process.versions.node.split('.').map(Number)
  if (major < 22) return `Node 22 or newer (this is ${process.version})`
  if (process.platform === 'win32') return undefined // node-gyp looks for Visual Studio itself.
  const wanted = [
    { name: 'make', commands: ['make'] },
    { name: 'a C++ compiler', commands: ['c++', 'g++', 'clang++'] },
    { name: 'Python 3', commands: ['python3', 'python'] },
  ]
  const missing = wanted.filter(({ commands }) => !commands.some(runs)).map(({ name }) => name)
  if (missing.length === 0) return undefined
  const how =
    process.platform === 'darwin'
      ? 'xcode-select --install'
      : 'on Debian and Ubuntu: apt-get install build-essential python3'
  return `${missing.join(', ')} to compile ${dependency} (${how})`
}

function runs(command: string): boolean {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0
}
