import { createNocoDBDouble } from '@latchkey/testing'
import { listen } from '@latchkey/testing/node'
import { expect, test, vi } from 'vitest'
import { runScript, startScript } from './support/run-script.ts'
import { openBrowser } from './support/visitor.ts'

vi.setConfig({ testTimeout: 60_000 })

const ada = { email: 'ada@example.com', password: 'correct horse' }
const environment = { NOCODB_API_TOKEN: 'CANARY-7f3a-of-another-server' }

test.each([
  'clients axios',
  'clients fetch',
  'clients ky',
  'nocodb-sdk',
  'node-script',
  'openapi-fetch',
])('`npm run example %s` needs nothing else: a double of NocoDB answers', async (words) => {
  const { code, output } = await runScript('run.ts', words.split(' '), environment)
  expect(output).toContain('NOCODB_URL is not set')
  expect(output).toMatch(/Signed in to http:\S+ as ada@example.com\n/)
  expect(output).toContain('Notes')
  expect(code).toBe(0)
})

test('`npm run example server-rendered` serves pages until it is ended', async () => {
  const { child, finished, printed } = startScript('run.ts', ['server-rendered'], { PORT: '0' })
  const [, url = ''] = /Open (\S+)/.exec(await printed('(Ctrl-C ends it)')) ?? []
  const page = await openBrowser(url).submit('/sign-in', ada)
  expect(page.text).toContain('Signed in as <b>ada@example.com</b>')
  child.kill()
  expect((await finished).code).toBe(0)
})

test('an example uses the server of NOCODB_URL, and gets its arguments', async () => {
  const double = createNocoDBDouble()
  const server = await listen(double)
  const env = { NOCODB_URL: server.url }
  const { code, output } = await runScript('run.ts', ['node-script', '--sign-out'], env)
  await server.close()
  expect(output).toBe(`Signed out of ${server.url}\n`)
  expect(code).toBe(0)
})

test('an example that fails fails the command', async () => {
  const env = { NOCODB_URL: 'http://127.0.0.1:1' }
  const { code, output } = await runScript('run.ts', ['clients'], env)
  expect(output).toContain('ERR_SIGN_IN_REQUIRED')
  expect(code).toBe(1)
})

test('without a name it lists the examples; an unknown name is an error', async () => {
  const list = await runScript('run.ts', [], {})
  expect(list.output).toMatch(/ {2}clients +Signed in to NocoDB with axios, ky or fetch\n/)
  expect(list.code).toBe(0)
  const wrong = await runScript('run.ts', ['axois'], {})
  expect(wrong.output).toContain('Unknown example "axois".')
  expect(wrong.code).toBe(2)
})
