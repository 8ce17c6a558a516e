import { apiToken, bearer, headerScheme } from '@latchkey/core'
import { equal, ok } from './expect.ts'
import { hostileUrls } from './hostile-urls.ts'
import { type AdapterCase, fact, isBarred, pause } from './stage.ts'

const otherHeader = fact(
  'a header scheme sends the token in that header and no other',
  ['S01', 'S07'],
  async (stage) => {
    const { scene, connect, fresh, credentialsOf } = stage
    const scheme = headerScheme('xc-token')
    if (await isBarred(stage, scheme)) return
    equal((await connect(fresh({ scheme }))('/items')).status, 200)
    const { token } = await scene.state()
    equal(credentialsOf((await scene.of('/items'))[0]), { 'xc-token': token })
  },
)

const ownCredential = fact(
  "the caller's own credential wins in any case, and its 401 renews nothing",
  ['S07', 'S20', 'T07'],
  async ({ scene, connect, fresh, scheme, credentialsOf }) => {
    const send = connect(fresh())
    const names = [
      'xc-auth',
      'Authorization',
      'XC-Token',
      ...(scheme.header ? [scheme.header] : []),
    ]
    for (const name of names) {
      equal((await send('/items', { headers: { [name]: 'mine' } })).status, 401)
      const { seen } = await scene.state()
      equal(credentialsOf(seen.at(-1)), { [name.toLowerCase()]: 'mine' })
    }
    const { seen, renewals } = await scene.state()
    equal([renewals, seen.length], [0, names.length])
  },
)

const hostile = fact(
  'no spelling of a URL takes the token to another host, port or scheme',
  ['S01', 'S03', 'S04', 'S05', 'T20'],
  async ({ scene, connect, fresh }) => {
    const manager = fresh()
    await connect(manager)('/items')
    const { token } = await scene.state()
    for (const { path, baseUrl } of hostileUrls(scene)) {
      const before = (await scene.state()).seen.length
      await connect(manager, { baseUrl, timeoutMs: 3_000 })(path)
      const { seen } = await scene.state()
      for (const request of seen.slice(before)) {
        const isOurs = `http://${request.headers.host}` === new URL(scene.api).origin
        const isSafe = request.token === undefined && !JSON.stringify(request).includes(token)
        ok(isOurs || isSafe, `no token sent for ${path}`)
      }
    }
    equal(await scene.renewals(), 1)
  },
)

const nowhereElse = fact(
  'the token is in one header: not in URL, body, cookie or Referer',
  ['S08', 'S11'],
  async ({ scene, connect, stale, schemeHeaders, credentialsOf }) => {
    const body = JSON.stringify({ text: 'mine' })
    const headers = { 'content-type': 'application/json' }
    equal((await connect(stale())('/items?q=1', { method: 'POST', body, headers })).status, 200)
    const { seen, token } = await scene.state()
    for (const { token: _, ...request } of seen.filter(({ path }) => path !== '/renew')) {
      const others = Object.entries(request.headers).filter(
        ([name]) => !schemeHeaders.includes(name),
      )
      ok(!JSON.stringify({ ...request, headers: others }).includes(token), 'one header only')
    }
    const renewed = seen.find(({ path }) => path === '/renew')
    equal(credentialsOf(renewed), {}, "the renewal's own credentials")
  },
)

const bearerScheme = fact(
  'the bearer scheme sends the token as Authorization',
  ['S01', 'S17'],
  async ({ scene, connect, fresh, credentialsOf }) => {
    equal((await connect(fresh({ scheme: bearer() }))('/items')).status, 200)
    const { token } = await scene.state()
    equal(credentialsOf((await scene.of('/items'))[0]), { authorization: `Bearer ${token}` })
  },
)

const foreignPort = fact(
  'an absolute URL to another port gets no token and starts no renewal',
  ['S01', 'S02', 'S20', 'T20'],
  async ({ scene, connect, fresh, credentialsOf }) => {
    equal((await connect(fresh())(`${scene.other}/items`)).status, 200)
    equal(credentialsOf((await scene.of('/items'))[0]), {})
    equal(await scene.renewals(), 0)
  },
)

const skipped = fact(
  'a request that skipAuth names goes without a token, and its 401 renews nothing',
  ['F13', 'S11', 'S20', 'T10'],
  async ({ scene, connect, stale, credentialsOf }) => {
    const skipAuth = ({ url }: { url: URL }) => url.pathname.endsWith('/sign-in')
    const send = connect(stale({ skipAuth }))
    await scene.script('/sign-in', [{ status: 401, body: '{"msg":"Wrong password"}' }])
    const { status, text } = await send('/sign-in', { method: 'POST', body: 'x' })
    equal([status, JSON.parse(text ?? '')], [401, { msg: 'Wrong password' }])
    const sent = await scene.of('/sign-in')
    equal([sent.length, credentialsOf(sent[0])], [1, {}])
    equal(await scene.renewals(), 0)
  },
)

const staticToken = fact(
  "an API token's 401 is the caller's: 1 send, no renewal, ERR_API_TOKEN_REJECTED",
  ['F14', 'S20'],
  async ({ scene, connect, fresh }) => {
    const manager = fresh({ grants: [apiToken(await scene.makeToken('revoked'))] })
    const { status, result } = await connect(manager)('/items')
    equal(status, 401)
    equal(manager.explain(result)?.code, 'ERR_API_TOKEN_REJECTED')
    equal([(await scene.of('/items')).length, await scene.renewals()], [1, 0])
  },
)

const twice = fact(
  'attached twice, the token is sent once and a dead one is renewed once',
  ['F30', 'F29'],
  async ({ scene, connect, stale, carried }) => {
    equal((await connect(stale(), { twice: true })('/items')).status, 200)
    const { token, renewals } = await scene.state()
    const sent = await scene.of('/items')
    carried(sent.at(-1), token)
    equal([sent.length, renewals], [2, 1])
  },
)

const otherHeaders = fact(
  "the caller's other headers arrive",
  ['T08', 'S23'],
  async ({ scene, connect, fresh }) => {
    await connect(fresh())('/items', { headers: { 'x-mine': '1' } })
    equal((await scene.of('/items'))[0]?.headers['x-mine'], '1')
  },
)

const unusable = fact(
  'a token that no header can carry is never sent, and no error shows it',
  ['S09', 'F41', 'F89', 'F91'],
  async ({ scene, connect, fresh }) => {
    const bad = ['a b', 'a\r\nx-evil: 1', 'a\0b', 'é🔑', '', 'x'.repeat(20_000), 'undefined', ' a']
    for (const accessToken of bad) {
      const grant = { name: 'bad', request: () => Promise.resolve({ accessToken }) }
      const pending = connect(fresh({ grants: [grant], renewTimeoutMs: 150 }))('/items')
      const { status, result } = await pending
      equal(status, undefined, 'status')
      const { message, stack } = result as Error
      ok(accessToken.length < 4 || !`${message} ${stack}`.includes(accessToken), 'not shown')
    }
    await pause(0)
    equal((await scene.of('/items')).length, 0)
  },
)

/** Where a token goes, and where it does not. */
export const credentialCases: readonly AdapterCase[] = [
  bearerScheme,
  otherHeader,
  foreignPort,
  hostile,
  otherHeaders,
  nowhereElse,
  ownCredential,
  skipped,
  staticToken,
  twice,
  unusable,
]
