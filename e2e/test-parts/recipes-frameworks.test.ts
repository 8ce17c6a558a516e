import { type ChildProcess, spawn } from 'node:child_process'
import { stripTypeScriptTypes } from 'node:module'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { shownIn } from '../src/docs/recipes.ts'
import { type InstalledProject, installedProject } from '../src/installing/installed-project.ts'
import { ada, type RecipeApi, startRecipeApi } from '../src/docs/recipe-api.ts'

const page = 'docs/recipes/frameworks.md'

let project: InstalledProject
let api: RecipeApi
/** The blocks of the page, with the address of the API. */
const shown = (...like: string[]) =>
  shownIn(page, like, { 'https://api.example.com': api.url, 'secure: true': 'secure: false' })
const createSessions = () => stripTypeScriptTypes(shown('export function createSessions'))

beforeAll(async () => {
  api = await startRecipeApi()
  const next = ['next@16.4.6', 'react@19.3.1', 'react-dom@19.3.1']
  const svelte = ['@sveltejs/kit@3.2.0', 'svelte@5.57.3', 'vite@8.3.8']
  project = await installedProject('axios', 'ky', ...next, ...svelte)
}, 600_000)
afterAll(async () => {
  await project.remove()
  await api.close()
})

const env = { NEXT_TELEMETRY_DISABLED: '1' }

async function build(args: string[]) {
  const { code, output } = await project.node(args, env)
  if (code !== 0) throw new Error(output)
}

/** The address that a server of the project says it listens at. */
async function serve(args: string[]): Promise<string> {
  const { NODE_ENV: _, ...own } = process.env
  const options = { cwd: project.folder, env: { ...own, ...env } }
  const child: ChildProcess = spawn(process.execPath, args, options)
  onTestFinished(() => void child.kill())
  let output = ''
  return new Promise((resolve, reject) => {
    child.on('close', () => reject(new Error(output)))
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (data) => {
        output += String(data)
        // On a CI server Vite prints the port in bold.
        const [address] =
          /http:\/\/(localhost|127\.0\.0\.1):\d+/.exec(stripVTControlCharacters(output)) ?? []
        if (address) resolve(address)
      })
    }
  })
}

/** A browser, as far as it keeps one cookie. */
async function signIn(address: string, path: string) {
  const body = new URLSearchParams(ada)
  const headers = { origin: address }
  const answer = await fetch(address + path, { method: 'POST', body, headers, redirect: 'manual' })
  const [cookie = ''] = answer.headers.getSetCookie().map((one) => one.split(';')[0] ?? '')
  expect(cookie).toMatch(/^session=[\w-]{36}$/)
  return async (sent = cookie) =>
    (await (await fetch(address, { headers: { cookie: sent } })).text()).replaceAll('<!-- -->', '')
}

/** Whether the page knows Ada: with a fresh token, twice at once with a dead one, and with an id that was planted. */
async function visits(read: Awaited<ReturnType<typeof signIn>>) {
  const knows = async (cookie?: string) => (await read(cookie)).includes(ada.email)
  const fresh = await knows()
  api.expire()
  const before = api.countOf('/auth/refresh')
  const dead = await Promise.all([knows(), knows()])
  const renewals = api.countOf('/auth/refresh') - before
  return { fresh, dead, renewals, planted: await knows('session=planted') }
}

const expected = { fresh: true, dead: [true, true], renewals: 1, planted: false }

describe('Next', () => {
  test('a server component renews, once for the pages that a visitor opens at once', async () => {
    await project.write({
      'next/package.json': { private: true },
      'next/next.config.mjs': `export default { turbopack: { root: import.meta.dirname + '/..' } }\n`,
      'next/app/layout.js':
        'export default ({ children }) => <html><body>{children}</body></html>\n',
      'next/lib/create-sessions.js': createSessions(),
      'next/lib/session.js': shown('currentSession ='),
      'next/app/page.js': shown('export default async function Page'),
      'next/app/login/route.js': shown('export async function POST'),
    })
    await build(['node_modules/next/dist/bin/next', 'build', 'next'])
    const address = await serve(['node_modules/next/dist/bin/next', 'start', 'next', '-p', '0'])
    expect(await visits(await signIn(address, '/login'))).toEqual(expected)
  })
})

describe('SvelteKit', () => {
  test('the fetch of a load function renews, once for the pages that a visitor opens at once', async () => {
    await project.write({
      'vite.config.mjs': `import { sveltekit } from '@sveltejs/kit/vite'\nexport default { plugins: [sveltekit()] }\n`,
      'src/app.html': '<html><head>%sveltekit.head%</head><body>%sveltekit.body%</body></html>\n',
      'src/lib/create-sessions.js': createSessions(),
      'src/hooks.server.js': shown('handleFetch ='),
      'src/routes/+page.server.js': shown('export const actions'),
      'src/routes/+page.svelte': '<script>let { data } = $props()</script>\n<p>{data.email}</p>\n',
    })
    await build(['node_modules/vite/bin/vite.js', 'build'])
    const address = await serve(['node_modules/vite/bin/vite.js', 'preview', '--port', '0'])
    expect(await visits(await signIn(address, '/'))).toEqual(expected)
  })
})
