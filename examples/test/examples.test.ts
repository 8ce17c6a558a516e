import { createNocoDBDouble } from '@latchkey/testing'
import { type ListeningServer, listen } from '@latchkey/testing/node'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { runScript, startScript } from './support/run-script.ts'

vi.setConfig({ testTimeout: 60_000 })

const user = { email: 'ada@example.com', password: 'canary-password-7d1f' }
const double = createNocoDBDouble()
const { control } = double
let server: ListeningServer
let withPassword: Record<string, string>
let withApiToken: Record<string, string>

beforeAll(async () => {
  server = await listen(double)
  control.addUser(user)
  control.addTable({ title: 'Notes' })
  const { url: NOCODB_URL } = server
  withPassword = { NOCODB_URL, NOCODB_EMAIL: user.email, NOCODB_PASSWORD: user.password }
  withApiToken = { NOCODB_URL, NOCODB_API_TOKEN: control.createApiToken(user.email).token }
})

afterAll(() => server.close())

const clients = [
  ['fetch', 'clients', ['fetch']],
  ['axios', 'clients', ['axios']],
  ['ky', 'clients', ['ky']],
  ['nocodb-sdk', 'nocodb-sdk', []],
  ['openapi-fetch', 'openapi-fetch', []],
] as const

describe.each(clients)('the example with %s', (_, folder, words) => {
  const script = `${folder}/src/main.ts`
  const args = [...words]

  test('signs in with email and password, once', async () => {
    control.resetCounts()
    const { code, output } = await runScript(script, args, withPassword)
    expect(output).toContain(`as ${user.email}\nBases:\n`)
    expect(output).toContain('Notes')
    expect(output).not.toContain(user.password)
    expect(code).toBe(0)
    expect(control.counts()).toMatchObject({ signIns: 1, unauthorized: 0 })
  })

  test('continues with one renewal when its token is rejected in the middle', async () => {
    control.resetCounts()
    const hold = control.hold('data')
    const { finished } = startScript(script, args, withPassword)
    await hold.whenWaiting()
    control.revokeAccessTokens(user.email)
    hold.release()
    const { code, output } = await finished
    expect(output).toContain('Notes')
    expect(code).toBe(0)
    expect(control.counts()).toMatchObject({ signIns: 1, renewals: 1, unauthorized: 1 })
  })

  test('works with an API token', async () => {
    control.resetCounts()
    const { code, output } = await runScript(script, args, withApiToken)
    expect(output).toContain(`as ${user.email}\nBases:\n`)
    expect(output).not.toContain(withApiToken['NOCODB_API_TOKEN'])
    expect(code).toBe(0)
    expect(control.counts()).toMatchObject({ signIns: 0, unauthorized: 0 })
  })

  test('works with a server under a sub-path', async () => {
    const below = await listen(double, { basePath: '/nocodb' })
    const { code, output } = await runScript(script, args, {
      ...withPassword,
      NOCODB_URL: below.url,
    })
    await below.close()
    expect(output).toContain('Notes')
    expect(code).toBe(0)
  })

  test('ends with the reason when the password is wrong', async () => {
    const env = { ...withPassword, NOCODB_PASSWORD: 'canary-wrong-3c90' }
    const { code, output } = await runScript(script, args, env)
    expect(output).toContain('ERR_WRONG_CREDENTIALS')
    expect(output).not.toContain('canary')
    expect(code).toBe(1)
  })
})

describe('the demo', () => {
  const script = 'demo/src/main.ts'

  test('serves three clients over several lifetimes of a token', async () => {
    const { code, output } = await runScript(script, ['--seconds', '4'], {})
    expect(output).toMatch(/✓ 240 requests, 0 failures, \d+ replays, longest wait/)
    expect(output).toMatch(/✓ 1 sign-in and \d+ renewals? for \d+ token lifetimes/)
    expect(output).toMatch(/✓ the server counted 1 sign-in, [1-9]\d* renewals?, /)
    expect(output).not.toContain('\u001B')
    expect(code).toBe(0)
  })

  test('only reads from the user’s own server', async () => {
    control.resetCounts()
    const { NOCODB_URL = '', ...credentials } = withPassword
    const { code, output } = await runScript(script, ['--url', NOCODB_URL, '--seconds=1'], {
      ...credentials,
    })
    expect(output).toContain('only read')
    expect(output).toMatch(/✓ 6 requests, 0 failures/)
    expect(output).toContain('1 sign-in and 0 renewals for 1 token lifetime')
    expect(output).not.toContain(user.password)
    expect(code).toBe(0)
    const writes = control.log().filter(({ kind, method }) => kind !== 'signIn' && method !== 'GET')
    expect(writes).toEqual([])
  })

  test('works with the user’s own server and an API token', async () => {
    const { NOCODB_URL = '', ...credentials } = withApiToken
    const { code, output } = await runScript(script, ['--url', NOCODB_URL, '--seconds=1'], {
      ...credentials,
    })
    expect(output).toContain('with an API token')
    expect(output).toMatch(/✓ 6 requests, 0 failures/)
    expect(output).not.toContain(withApiToken['NOCODB_API_TOKEN'])
    expect(code).toBe(0)
  })

  test('exits with 1 when a request fails, and says why', async () => {
    control.failNext('data', 1, { status: 500 })
    const { NOCODB_URL = '', ...credentials } = withPassword
    const { code, output } = await runScript(script, ['--url', NOCODB_URL, '--seconds=1'], {
      ...credentials,
    })
    expect(output).toMatch(/! 6 requests, 1 failure/)
    expect(output).toMatch(/✗ .*500/)
    expect(code).toBe(1)
  })

  test('exits with 1 at a wrong password, before sending anything else', async () => {
    control.resetCounts()
    const { NOCODB_URL = '' } = withPassword
    const { code, output } = await runScript(script, ['--url', NOCODB_URL], {
      NOCODB_EMAIL: user.email,
      NOCODB_PASSWORD: 'canary-wrong-3c90',
    })
    expect(output).toContain('ERR_WRONG_CREDENTIALS')
    expect(output).not.toContain('canary')
    expect(code).toBe(1)
    expect(control.counts()).toMatchObject({ rejectedSignIns: 1, dataRequests: 0 })
  })

  test.each([
    ['an unknown argument', ['--nocdb'], '--nocdb'],
    ['a wrong number', ['--seconds', 'x'], '--seconds must be'],
    [
      'no credentials and no terminal to ask on',
      ['--url', 'https://example.com'],
      'NOCODB_API_TOKEN',
    ],
    ['plain http', ['--url', 'http://example.com'], 'http'],
  ])('exits with 2 at %s', async (_, args, reason) => {
    const { code, output } = await runScript(script, args, {})
    expect(output).toContain(reason)
    expect(output).toContain('--help')
    expect(output).not.toContain('    at ')
    expect(code).toBe(2)
  })

  test('--help lists the options', async () => {
    const { code, output } = await runScript(script, ['--help'], {})
    expect(output).toContain('npm run demo -- --nocodb')
    expect(code).toBe(0)
  })

  test.skipIf(process.platform === 'win32')('Ctrl-C ends it with the summary', async () => {
    const { child, finished, printed } = startScript(script, ['--seconds', '3600'], {})
    await printed('token 1')
    child.kill('SIGINT')
    const { code, output } = await finished
    expect(output).toMatch(/✓ \d+ requests, 0 failures/)
    expect(code).toBe(0)
  })
})

test('the example mcp: eight tool calls after a revocation make one token request', async () => {
  const { code, output } = await runScript('mcp/src/main.ts', [], {})
  expect(output).toContain('Tools: whoami')
  expect(output).toContain('8 calls: [{"type":"text","text":"example"}]')
  expect(output).toContain('Token requests for them: 1')
  expect(code).toBe(0)
})

test('the example many-sessions: four sessions in one store stay apart: at first, when all expire, and when one ends', async () => {
  const { code, output } = await runScript('many-sessions/src/main.ts', [], {})
  expect(output).toContain('At first:     12 of 12 requests')
  expect(output).toContain('All expired:  12 of 12 requests')
  expect(output).toContain('sign-ins: 2, renewals: 2, machine tokens: 2, PowerAuth tokens: 1')
  expect(output).toContain('Ada is out:   9 of 9 requests')
  expect(output).toContain('Ada gets ERR_SIGN_IN_REQUIRED')
  const [before = '', after = ''] = [...output.matchAll(/One store: +(.*)/g)].map(([, all]) => all)
  const names = (list: string) => list.split(', ').map((name) => name.replace(/\/.*\//, '/'))
  const rest = ['grace@example.com', 'machine', 'powerauth/balance']
  expect(names(before).toSorted()).toEqual(['ada@example.com', ...rest])
  expect(names(after).toSorted()).toEqual(rest)
  expect(code).toBe(0)
})
