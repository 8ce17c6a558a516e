import { type Grant, GrantRejectedError, isLatchkeyError } from '@latchkey/core'
import { equal, ok } from './expect.ts'
import { leaks } from './leaks.ts'
import type { Answer } from './scene.ts'
import { type AdapterCase, codeOf, fact, redirectTo, renewal } from './stage.ts'
import type { Outcome } from './subject.ts'

/** A 401 as the client always tells of it, with Latchkey's reason behind it. */
function isOwn401({ status, result }: Outcome, code: string): void {
  equal(status, 401)
  ok(!isLatchkeyError(result), "the client's own error or response")
  if (result instanceof Error) {
    equal(isLatchkeyError(result.cause) && result.cause.code, code, 'cause')
  }
}

const second401 = fact(
  "a second 401 is the client's own, with the reason: 2 sends, 1 renewal, the session kept",
  ['T04', 'F04', 'S19', 'F43'],
  async ({ scene, connect, stale }) => {
    const manager = stale()
    const send = connect(manager)
    const outcome = await send('/denied')
    isOwn401(outcome, 'ERR_FRESH_TOKEN_REJECTED')
    equal(outcome.text && JSON.parse(outcome.text), { msg: 'Invalid token' })
    equal(manager.explain(outcome.result)?.code, 'ERR_FRESH_TOKEN_REJECTED')
    equal([(await scene.of('/denied')).length, await scene.renewals()], [2, 1])
    equal((await send('/items')).status, 200)
  },
)

const waited401 = fact(
  'always 401, also for those who waited: each is sent twice at most, with 1 renewal',
  ['T04', 'F05', 'S22'],
  async ({ scene, connect, stale, atOnce }) => {
    const send = connect(stale())
    const count = atOnce(10)
    const outcomes = await Promise.all(
      Array.from({ length: count }, (_, at) => send(`/denied?${at}`)),
    )
    for (const { status } of outcomes) equal(status, 401)
    const sends = (await scene.of('/denied')).length
    ok(sends <= 2 * count, `at most ${2 * count} sends, not ${sends}`)
    equal(await scene.renewals(), 1)
    await send('/denied')
    equal(await scene.renewals(), 1, 'renewals within the cool-down')
  },
)

function faultOf(status: number): string {
  if (status === 304) return 'F23'
  if (status === 403) return 'F11'
  return status >= 500 || status === 429 ? 'F16' : 'F12'
}

const passedOn = [304, 403, 404, 407, 419, 429, 440, 498, 500, 502, 503, 504].map((status) =>
  fact(
    `a ${status} is passed on: 1 send, no renewal, nothing to explain`,
    ['S20', faultOf(status)],
    async ({ scene, connect, stale }) => {
      const headers =
        status === 407
          ? { 'proxy-authenticate': 'Basic' }
          : { 'www-authenticate': 'Bearer error="insufficient_scope"' }
      const body = status === 304 ? '' : '{"msg":"no"}'
      await scene.script('/other', [{ status, body, headers }])
      const manager = stale()
      const outcome = await connect(manager)('/other')
      // Some transports take a 407 for a broken proxy and answer nothing.
      ok(outcome.status === status || (status === 407 && !outcome.status), 'the same status')
      equal(manager.explain(outcome.result), undefined)
      equal([(await scene.of('/other')).length, await scene.renewals()], [1, 0])
    },
  ),
)

/** More than any platform tries by itself. */
const resets: Answer[] = Array.from({ length: 9 }, () => ({ fault: 'reset' }))

const refusedConnection = fact(
  'a network failure is passed on in the client’s own way: 1 send, no renewal, the session kept',
  ['F16', 'S20', 'S27', 'T11'],
  async ({ scene, connect, fresh, platform }) => {
    const send = connect(fresh())
    equal((await send('/items')).status, 200)
    await scene.script('/broken', resets)
    const { status, result } = await send('/broken', { method: 'POST', body: 'x' })
    equal([status, result instanceof Error, isLatchkeyError(result)], [undefined, true, false])
    if (!platform.resendsOnReset) equal((await scene.of('/broken')).length, 1)
    equal(await scene.renewals(), 1)
    equal((await send('/items')).status, 200)
  },
)

const replayFails = fact(
  'a replay that fails by the network surfaces: 2 sends, and the new token is kept',
  ['F17', 'S19'],
  async ({ scene, connect, stale, platform }) => {
    const send = connect(stale())
    await scene.script('/items', [{ status: 401, body: '{}' }, ...resets])
    const { status } = await send('/items', { method: 'POST', body: 'x' })
    equal(status, undefined)
    if (!platform.resendsOnReset) equal((await scene.of('/items')).length, 2)
    await scene.script('/items', [])
    equal([(await send('/items')).status, await scene.renewals()], [200, 1])
  },
)

const good = { accessToken: 'x' }
const useless: Record<string, Answer> = {
  'a 500': { status: 500, body: '{}' },
  'a 503': { status: 503, body: '{}', headers: { 'retry-after': '0' } },
  'a 429': { status: 429, body: '{}' },
  'a reset': { fault: 'reset' },
  'half an answer': { body: JSON.stringify(good), fault: 'cut' },
  HTML: { body: '<html>' },
  nothing: { body: '' },
  null: { body: 'null' },
  'a list': { body: '[]' },
  'a number': { body: '7' },
  'a string': { body: '"token"' },
  'no token': { body: '{}' },
  'an empty token': { body: '{"accessToken":""}' },
  'a token that is an object': { body: '{"accessToken":{}}' },
  'a token of two lines': { body: '{"accessToken":"a\\nb"}' },
  'a token in a prototype': { body: '{"__proto__":{"accessToken":"evil"}}' },
  'an empty refresh token': { body: '{"accessToken":"a","refreshToken":""}' },
}

const unavailable = Object.entries(useless).map(([name, answer]) =>
  fact(
    `a renewal answered with ${name} leaves the client's own 401 with the reason, and the session`,
    ['T11', 'S27', 'S33', 'F35', 'F38', 'F39', 'F40', 'F41', 'F42', 'F45'],
    async ({ scene, connect, stale }) => {
      await scene.answerRenewals(answer)
      const manager = stale()
      const ends: string[] = []
      manager.on('signedOut', ({ reason }) => ends.push(reason))
      const send = connect(manager)
      isOwn401(await send('/items'), 'ERR_RENEWAL_UNAVAILABLE')
      equal(ends, [])
      await scene.answerRenewals()
      await manager.refresh()
      equal((await send('/items')).status, 200)
    },
  ),
)

const wrongPassword = fact(
  'a wrong password rejects with a LatchkeyError of its own code, asked for once',
  ['T06', 'T10', 'F13'],
  async ({ scene, connect, fresh }) => {
    await scene.answerRenewals({ status: 400, body: '{}' })
    const send = connect(fresh())
    const outcomes = await Promise.all([send('/items'), send('/items'), send('/items')])
    equal(outcomes.map(codeOf), Array(3).fill('ERR_WRONG_PASSWORD'))
    equal(codeOf(await send('/items')), 'ERR_WRONG_PASSWORD')
    equal([(await scene.of('/renew')).length, (await scene.of('/items')).length], [1, 0])
  },
)

const visitor = fact(
  'if signed-out requests are allowed, they are sent without a token, and the caller gets their 401',
  ['T06'],
  async ({ scene, connect, fresh, credentialsOf }) => {
    const who = { isMember: false }
    const grant: Grant = {
      name: 'renewal',
      request: async (context) => (who.isMember ? renewal(scene).request(context) : undefined),
    }
    const manager = fresh({ grants: [grant], whenSignedOut: 'send' })
    const send = connect(manager)
    const own = await send('/items', { method: 'POST', body: 'x' })
    equal([own.status, manager.explain(own.result)], [401, undefined])
    who.isMember = true
    equal((await send('/items')).status, 200)
    await manager.signOut()
    equal((await send('/items')).status, 401)
    const seen = await scene.of('/items')
    const bare = seen.map((one) => Object.keys(credentialsOf(one)).length === 0)
    equal([bare, await scene.renewals()], [[true, false, true], 1])
  },
)

const visitorAgain = fact(
  'if signed-out requests are allowed, a request whose 401 ends the session is sent again without a token',
  ['T06', 'T12'],
  async ({ scene, connect, stale, credentialsOf }) => {
    const over: Grant = {
      name: 'over',
      request: () => Promise.reject(new GrantRejectedError('Over.')),
    }
    const send = connect(stale({ grants: [over], whenSignedOut: 'send' }))
    await scene.script('/items', [
      { status: 401, body: '{}' },
      { status: 200, body: 'public' },
    ])
    const { status, text } = await send('/items', { method: 'POST', body: 'x' })
    const seen = await scene.of('/items')
    equal([status, text, seen.map(({ body }) => body)], [200, 'public', ['x', 'x']])
    equal(Object.keys(credentialsOf(seen[1])), [])
  },
)

const rejected = fact(
  'a rejected renewal after a 401 signs out once, for 50 waiters',
  ['T12', 'F37', 'T06', 'S22'],
  async ({ scene, connect, stale, atOnce }) => {
    await scene.answerRenewals({ status: 400, body: '{}' })
    const manager = stale()
    const ends: string[] = []
    manager.on('signedOut', ({ reason }) => ends.push(reason))
    const send = connect(manager)
    const count = atOnce(50)
    const arrived = await scene.hold('/items')
    const pending = Array.from({ length: count }, (_, at) => send(`/items?${at}`))
    await arrived.whenWaiting(count)
    await arrived.release()
    for (const outcome of await Promise.all(pending)) isOwn401(outcome, 'ERR_WRONG_PASSWORD')
    equal(ends, ['rejected'])
    equal((await scene.of('/renew')).length, 1)
  },
)

const throwing = fact(
  'a grant that throws, at once or anything, ends all waiters, and the next request starts clean',
  ['T06', 'F50', 'F51'],
  async ({ connect, stale }) => {
    for (const thrown of [new Error('broken'), null, 'text', undefined]) {
      const request = (): Promise<never> => {
        // oxlint-disable-next-line only-throw-error -- users' grants do
        throw thrown
      }
      const manager = stale({ grants: [{ name: 'throws', request }], renewTimeoutMs: 100 })
      const send = connect(manager)
      for (const outcome of await Promise.all([send('/items'), send('/items')])) {
        equal(outcome.status, 401)
        ok(manager.explain(outcome.result) !== undefined, 'explained')
      }
    }
  },
)

const silent = fact(
  'no response and no error prints a token',
  ['S38', 'S39', 'S40', 'S42', 'F91', 'F92'],
  async ({ scene, connect, stale }) => {
    const send = connect(stale())
    await scene.script('/broken', resets)
    const outcomes = [
      await send('/items'),
      await send('/items', { method: 'POST', body: '{}', headers: { 'x-mine': '1' } }),
      await send(redirectTo(302, `${scene.api}/items`)),
      await send('/denied'),
      await send('/broken', { method: 'POST', body: 'x' }),
      await send('/items', { signal: AbortSignal.abort() }),
    ]
    for (const { result } of outcomes) equal(leaks(result), [])
  },
)

/** What goes wrong is told in the client's own way, and ends a session only when it must. */
export const failureCases: readonly AdapterCase[] = [
  second401,
  waited401,
  ...passedOn,
  refusedConnection,
  replayFails,
  ...unavailable,
  wrongPassword,
  visitor,
  visitorAgain,
  rejected,
  throwing,
  silent,
]
