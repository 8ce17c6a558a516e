// Runs an example: npm run example [name] [its arguments]
// If an example needs a NocoDB and NOCODB_URL is not set, a double on this machine answers.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { createNocoDBDouble } from '@latchkey/testing'
import { listen } from '@latchkey/testing/node'

interface Example {
  name: string
  description: string
  script: string
  /** Whether it needs a NocoDB and does not start one itself. */
  needsNocoDB: boolean
}

const [wanted, ...rest] = process.argv.slice(2)
const examples = findExamples()
const example = examples.find(({ name }) => name === wanted)
if (!example) explain()
else if (example.needsNocoDB && !process.env['NOCODB_URL']) await startWithDouble(example)
else await start(example)

function findExamples(): Example[] {
  const manifests = globSync('*/package.json', { cwd: import.meta.dirname }).toSorted()
  return manifests.map(readExample).filter(({ script }) => existsSync(script))
}

function readExample(manifest: string): Example {
  const text = readFileSync(join(import.meta.dirname, manifest), 'utf8')
  const { description, dependencies } = JSON.parse(text)
  return {
    name: basename(dirname(manifest)),
    description,
    script: join(import.meta.dirname, dirname(manifest), 'src', 'main.ts'),
    needsNocoDB: '@latchkey/nocodb' in dependencies && !('@latchkey/testing' in dependencies),
  }
}

/** The server is temporary, so its sessions are kept in a temporary place. */
async function startWithDouble(asking: Example): Promise<void> {
  const double = createNocoDBDouble()
  const [email, password] = ['ada@example.com', 'correct horse']
  double.control.addUser({ email, password })
  double.control.addTable({ title: 'Notes' })
  const { url: NOCODB_URL, close } = await listen(double)
  console.log(`(NOCODB_URL is not set: a double of NocoDB answers, to ${email}, ${password})`)
  const home = await mkdtemp(join(tmpdir(), 'latchkey-example-'))
  const place = { HOME: home, XDG_STATE_HOME: home, LOCALAPPDATA: home }
  const credentials = { NOCODB_API_TOKEN: '', NOCODB_EMAIL: email, NOCODB_PASSWORD: password }
  await start(asking, { NOCODB_URL, ...credentials, ...place })
  await close()
  await rm(home, { recursive: true })
}

/** Runs it to its end. Ctrl-C also reaches the example and ends it. */
async function start({ script }: Example, env: Record<string, string> = {}): Promise<void> {
  const child = spawn(process.execPath, [script, ...rest], {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => child.kill())
  const [code, signal] = await once(child, 'close')
  process.exitCode = signal === 'SIGINT' || signal === 'SIGTERM' ? 0 : (code ?? 1)
}

function explain(): void {
  if (wanted !== undefined) {
    console.error(`Unknown example "${wanted}".\n`)
    process.exitCode = 2
  }
  const width = Math.max(...examples.map(({ name }) => name.length))
  console.log('npm run example <name>\n')
  for (const { name, description } of examples)
    console.log(`  ${name.padEnd(width)}  ${description}`)
}
