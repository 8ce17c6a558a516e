import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { nocodb } from '@latchkey/nocodb'
import { fileStore } from '@latchkey/stores/file'
import { createNocoDBDouble } from '@latchkey/testing'
import { listen } from '@latchkey/testing/node'
import { createDocApi } from './api.ts'

/** Whom the documentation signs in as. */
const ada = { email: 'ada@example.com', password: 'correct horse' }

/** How a block's run ended, and what its servers refused. */
export interface Run {
  code: number | null
  output: string
  refused: string[]
}

/**
 * Runs JavaScript as the documentation shows it, with servers of its own behind the addresses that it
 * names, on a machine whose user has signed in at the terminal before.
 *
 * @param folder Where the code is written to, and what it imports is found from.
 */
export async function runBlock(name: string, code: string, folder: string): Promise<Run> {
  const double = createNocoDBDouble()
  double.control.addUser(ada)
  double.control.addUser({ ...ada, email: 'grace@example.com' })
  const api = createDocApi()
  const servers = await Promise.all([listen(double), listen(api), listen(api)])
  const [noco, apis, login] = servers
  const home = mkdtempSync(join(tmpdir(), 'latchkey-docs-'))
  const file = join(folder, `${name}.js`)
  try {
    await signInAtTerminal(noco.url, home)
    const addressed = code
      .replaceAll('https://nocodb.example.com', noco.url)
      .replaceAll('https://login.example.com', login.url)
      .replaceAll(/https:\/\/(api|auth|bank|notes|r|directus|shop)\.example\.com/g, apis.url)
    mkdirSync(folder, { recursive: true })
    writeFileSync(file, addressed)
    const ended = await runNode(file, home, environment(noco.url, home))
    const refused = double.control.log().filter(({ status }) => status >= 400)
    const words = refused.map(({ status, method, path }) => `${status} ${method} ${path}`)
    return { ...ended, refused: [...words, ...api.refused] }
  } finally {
    await Promise.all(servers.map((server) => server.close()))
    rmSync(home, { recursive: true, force: true })
  }
}

/** What `latchkey sign-in` leaves behind. */
async function signInAtTerminal(baseUrl: string, home: string): Promise<void> {
  const store = fileStore({ directory: join(home, 'latchkey') })
  await nocodb({ baseUrl, ...ada, store }).signIn()
}

function environment(nocodbUrl: string, home: string): NodeJS.ProcessEnv {
  const { PATH } = process.env
  return {
    PATH,
    HOME: home,
    XDG_STATE_HOME: home,
    NOCODB_URL: nocodbUrl,
    NOCODB_EMAIL: ada.email,
    NOCODB_PASSWORD: ada.password,
    API_PASSWORD: 'correct horse',
    API_TOKEN: 'an-api-token',
    CLIENT_SECRET: 'a-client-secret',
    OAUTH_CLIENT_SECRET: 'a-client-secret',
    R_PASSWORD: 'correct horse',
    BANK_TOKEN_ID: '7a24c6e9-48e9-43c2-ab4a-aed6270e924d',
    BANK_TOKEN_SECRET: Buffer.alloc(16).toString('base64'),
  }
}

/** A block ends by itself, most in a moment: one that does not is stopped, and has failed. */
function runNode(file: string, cwd: string, env: NodeJS.ProcessEnv) {
  return new Promise<{ code: number | null; output: string }>((resolve, reject) => {
    const child = spawn(process.execPath, [file], { cwd, env, timeout: 90_000 })
    let output = ''
    child.stdout.on('data', (data) => (output += data))
    child.stderr.on('data', (data) => (output += data))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output }))
  })
}
