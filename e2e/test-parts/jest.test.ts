import { afterAll, beforeAll, expect, test } from 'vitest'
import { doors } from '../src/installing/doors.ts'
import { type InstalledProject, installedProject } from '../src/installing/installed-project.ts'
import { jestFiles, nativeOptions } from '../src/docs/jest-docs.ts'

/** What somebody's test of an app may say: it is signed in, against the double. */
const signsIn = `
import axios from 'axios'
import ky from 'ky'
import { registerAuth } from '@latchkey/axios'
import { wrapFetch } from '@latchkey/fetch'
import { authHooks } from '@latchkey/ky'
import { nocodb } from '@latchkey/nocodb'
import { createNocoDBDouble } from '@latchkey/testing'

const baseUrl = 'https://nocodb.test'
const ada = { email: 'ada@example.com', password: 'CANARY-7f3a-ada' }

test('one session for three clients', async () => {
  const { control, fetch } = createNocoDBDouble()
  control.addUser(ada)
  const noco = nocodb({ baseUrl, ...ada, fetch })
  const api = axios.create({ baseURL: baseUrl, adapter: 'fetch', env: { fetch } })
  registerAuth(api, noco)
  expect((await api.get('/api/v2/meta/bases')).status).toBe(200)
  control.revokeAccessTokens(ada.email)
  expect((await wrapFetch(noco, { fetch })(baseUrl + '/api/v2/meta/bases')).status).toBe(200)
  expect((await ky.extend({ fetch, hooks: authHooks(noco) }).get(baseUrl + '/api/v2/meta/bases')).status).toBe(200)
  expect(control.counts()).toMatchObject({ signIns: 1, renewals: 1 })
})
`

/** A test that imports these. */
const imports = (names: string[]) => `
${names.map((name, at) => `import * as door${at} from '${name}'`).join('\n')}
test('every door', () => {
  for (const door of [${names.map((_, at) => `door${at}`).join(', ')}]) expect(Object.keys(door)).not.toEqual([])
})
`

let project: InstalledProject

beforeAll(async () => {
  const peers = ['axios', 'ky', 'redis', 'msw', '@hono/node-server', '@opentelemetry/api']
  const jests = ['jest@30.5.2', 'jest-29@npm:jest@29.7.0', '@babel/preset-env@7.29.14']
  project = await installedProject(...peers, ...jests, '@napi-rs/keyring', '@noble/hashes')
  await project.write({
    'session.test.js': signsIn,
    'doors.test.js': imports(doors.filter((door) => door !== '@latchkey/testing/msw')),
    'msw.test.js': imports(['@latchkey/testing/msw', 'msw/node']),
  })
}, 600_000)
afterAll(() => project.remove())

const jest = (name: string, pattern: string) => [
  `node_modules/${name}/bin/jest.js`,
  '--ci',
  pattern,
]

test.each(['jest', 'jest-29'])(
  '%s runs with the configuration of docs/testing.md',
  async (name) => {
    await project.write(jestFiles)
    const { code, output } = await project.node(jest(name, 'session|doors'))
    expect({ code, output }).toMatchObject({ code: 0 })
  },
)

test('Jest 30 needs none of it where Node lets it load ES modules, nor does MSW', async () => {
  await project.write({ 'jest.config.cjs': 'module.exports = {}\n' })
  const { code, output } = await project.node(jest('jest', '.'), { NODE_OPTIONS: nativeOptions })
  expect({ code, output }).toMatchObject({ code: 0 })
})
