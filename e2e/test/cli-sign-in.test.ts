import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createHome, type Home } from '../../packages/cli/test/support/latchkey.ts'
import { browse } from '../src/oauth/browser.ts'
import { type OAuthServer, person, startOAuthServer } from '../src/oauth/server.ts'

vi.setConfig({ testTimeout: 120_000 })

let server: OAuthServer
let home: Home
beforeAll(async () => {
  server = await startOAuthServer()
})
afterAll(() => server.close())
beforeEach(() => {
  Object.assign(server.noticed, { consumed: 0, revoked: 0, refused: [] })
  home = createHome()
})
afterEach(() => home.remove())

const program = fileURLToPath(new URL('../src/oauth/browser-process.ts', import.meta.url))
const BROWSER = `${process.execPath} ${program}`

const args = (...more: string[]) => {
  const client = ['--client-id', person.clientId, '--scope', 'openid offline_access']
  return ['sign-in', server.url, '--issuer', server.url, ...client, ...more]
}
const sessions = async () => JSON.parse((await home.run(['status', '--json'])).stdout)
const me = () => home.run(['request', 'GET', '/me'])

/** The address of the server that the terminal shows and that has `part` in it. */
function addressIn(shown: string, part: string): string {
  const found = shown
    .split(/\s+/)
    .find((word) => word.startsWith(server.url) && word.includes(part))
  if (found === undefined) throw new Error(`no address with ${part} is shown`)
  return found
}

const ways: [way: string, signIn: () => ReturnType<Home['type']>][] = [
  ['the browser that BROWSER names', () => home.type(args(), [], { BROWSER })],
  [
    'a browser that is opened by hand',
    () =>
      home.type(args(), [['Waiting', (shown) => browse(addressIn(shown, 'code_challenge='))]], {
        BROWSER: '/nonexistent/browser',
      }),
  ],
  [
    'a code and another device',
    () =>
      home.type(args('--device'), [['Waiting', (shown) => browse(addressIn(shown, 'user_code='))]]),
  ],
]

describe.each(ways)('a person at a terminal with %s', (_, signIn) => {
  test('is signed in, renewed once for several processes, and signed out at the server', async () => {
    const { code, shown } = await signIn()
    expect({ code, shown }).toMatchObject({ code: 0, shown: expect.stringContaining('as ada') })
    expect(await sessions()).toMatchObject([{ user: 'ada', signedIn: true, renewable: true }])
    const [, claims = ''] = (await home.run(['token', '--id-token'])).stdout.split('.')
    expect(JSON.parse(atob(claims))).toMatchObject({ sub: 'ada', aud: person.clientId })
    server.expireAccessTokens()
    const answers = await Promise.all([me(), me(), me(), me()])
    expect(answers.map(({ stdout }) => JSON.parse(stdout).sub)).toEqual(Array(4).fill('ada'))
    expect(server.noticed).toEqual({ consumed: 1, revoked: 0, refused: [] })
    const out = await home.run(['sign-out'])
    expect(out).toMatchObject({ code: 0, stderr: expect.stringContaining('To end that as well') })
    expect(addressIn(out.stderr, '/session/end')).not.toContain('id_token')
    expect(server.noticed.revoked).toBeGreaterThan(0)
    expect((await me()).code).toBe(3)
  })
})

test.each([['--browser'], ['--device']])(
  'Ctrl-C ends %s, and the user is not signed in',
  async (way) => {
    const { code, shown } = await home.type(args(way), [['Waiting', '\u0003']], {
      BROWSER: 'true',
    })
    expect({ code, shown }).toMatchObject({
      code: 130,
      shown: expect.stringContaining('Nothing was changed.'),
    })
    expect(await sessions()).toEqual([])
  },
)
