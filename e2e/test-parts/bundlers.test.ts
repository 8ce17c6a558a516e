import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type InstalledProject, installedProject } from '../src/installing/installed-project.ts'

/** An app with everything that belongs into a page or a phone. It says how two requests were answered. */
const app = `
import axios from 'axios'
import ky from 'ky'
import { registerAuth } from '@latchkey/axios'
import { bearer, createTokenManager } from '@latchkey/core'
import { wrapFetch } from '@latchkey/fetch'
import { jwtSession } from '@latchkey/jwt'
import { authHooks } from '@latchkey/ky'
import { nocodb } from '@latchkey/nocodb'
import { oauth } from '@latchkey/oauth'
import { powerAuth } from '@latchkey/powerauth'
import { asyncStorageStore } from '@latchkey/stores/async-storage'
import { webStore } from '@latchkey/stores/web'
import { createTimeline } from '@latchkey/timeline'

export const unused = [bearer, createTokenManager, nocodb, oauth, powerAuth, webStore, createTimeline, ky, authHooks]

export async function statuses() {
  const kept = new Map()
  const storage = { getItem: async (key) => kept.get(key) ?? null, setItem: async (key, value) => void kept.set(key, value), removeItem: async (key) => void kept.delete(key) }
  const fetch = async (input, init) => {
    const { url, headers } = new Request(input, init)
    if (url.endsWith('/login')) return Response.json({ access_token: 'a-token' })
    return new Response('[]', { status: headers.get('authorization') === 'Bearer a-token' ? 200 : 401 })
  }
  const baseUrl = 'https://api.example.com'
  const session = jwtSession({ baseUrl, signIn: '/login', credentials: { username: 'ada', password: 'CANARY-7f3a-ada' }, store: asyncStorageStore(storage), fetch })
  const api = axios.create({ baseURL: baseUrl, adapter: 'fetch', env: { fetch } })
  registerAuth(api, session)
  const answers = [await api.get('/notes'), await wrapFetch(session, { fetch })(baseUrl + '/notes')]
  return answers.map(({ status }) => status).join(' ')
}
`
const main = `
import { statuses } from './app.js'
statuses().then((said) => console.log('answered', said))
`

let project: InstalledProject

beforeAll(async () => {
  const bundlers = ['vite@8.3.8', 'webpack@5.113.0', 'metro@0.87.1', 'next@16.4.6']
  const peers = ['axios', 'ky', '@noble/hashes', 'react@19.3.1', 'react-dom@19.3.1']
  project = await installedProject(...peers, ...bundlers)
  await project.write({ 'src/app.js': app, 'src/main.js': main })
}, 600_000)
afterAll(() => project.remove())

/** Runs a build, and what came of it. */
async function built(build: string[], bundle: string) {
  const { code, output } = await project.node(build)
  expect({ code, output }).toMatchObject({ code: 0 })
  const ran = await project.node([bundle])
  return ran.output
}

test('Vite builds an app, which signs in', async () => {
  await project.write({
    'vite.config.mjs': `export default { build: { minify: true, rollupOptions: { input: 'src/main.js', output: { entryFileNames: 'main.mjs' } } } }\n`,
  })
  const said = await built(['node_modules/vite/bin/vite.js', 'build'], 'dist/main.mjs')
  expect(said).toContain('answered 200 200')
})

test('webpack builds an app, which signs in', async () => {
  await project.write({
    'webpack.mjs': `
import webpack from 'webpack'
const entry = import.meta.dirname + '/src/main.js'
webpack({ mode: 'production', entry, output: { path: import.meta.dirname + '/webpacked' } }, (error, stats) => {
  console.log(error ?? stats.toString())
  process.exitCode = error || stats.hasErrors() || stats.hasWarnings() ? 1 : 0
})
`,
  })
  expect(await built(['webpack.mjs'], 'webpacked/main.js')).toContain('answered 200 200')
})

test('Next builds a page that signs in on the server and one that does in the browser', async () => {
  await project.write({
    'next/package.json': { private: true },
    'next/next.config.mjs': `export default { turbopack: { root: import.meta.dirname + '/..' } }\n`,
    'next/app/layout.js': 'export default ({ children }) => <html><body>{children}</body></html>\n',
    'next/app/page.js': `import { statuses } from '../lib.js'\nexport default async () => <p>answered {await statuses()}</p>\n`,
    'next/app/client/page.js': `'use client'\nimport { useEffect, useState } from 'react'\nimport { statuses } from '../../lib.js'\nexport default function Page() {\n  const [said, say] = useState('')\n  useEffect(() => void statuses().then(say))\n  return <p>{said}</p>\n}\n`,
    'next/lib.js': app,
  })
  const env = { NEXT_TELEMETRY_DISABLED: '1' }
  const { code, output } = await project.node(
    ['node_modules/next/dist/bin/next', 'build', 'next'],
    env,
  )
  expect({ code, output }).toMatchObject({ code: 0 })
  const page = await readFile(join(project.folder, 'next/.next/server/app/index.html'), 'utf8')
  expect(page.replaceAll('<!-- -->', '')).toContain('answered 200 200')
})

/** Metro as React Native sets it up, but for what is native. */
const metro = (exportsOn: boolean) => `
const Metro = require('metro')
const config = {
  projectRoot: __dirname,
  resolver: { unstable_enablePackageExports: ${exportsOn}, unstable_conditionNames: ['react-native'] },
  transformer: { getTransformOptions: async () => ({ transform: { experimentalImportSupport: true, inlineRequires: true } }) },
}
Metro.loadConfig({}, config)
  .then((loaded) => Metro.runBuild({ ...loaded, reporter: { update() {} } }, { entry: 'src/main.js', out: 'metro/main.js', platform: 'android', dev: false }))
  .catch((error) => { console.log(error.message); process.exitCode = 1 })
`

test('Metro bundles an app, which signs in', async () => {
  await project.write({ 'metro.cjs': metro(true), 'metro/.keep': '' })
  expect(await built(['metro.cjs'], 'metro/main.js')).toContain('answered 200 200')
})

test('Metro with package exports off finds nothing of ours, as the docs say', async () => {
  await project.write({ 'metro.cjs': metro(false), 'metro/.keep': '' })
  const { code, output } = await project.node(['metro.cjs'])
  expect(code).toBe(1)
  expect(output).toMatch(/@latchkey\/core.+ could not be resolved/)
})
