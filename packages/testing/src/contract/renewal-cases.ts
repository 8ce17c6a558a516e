import { createTokenManager, headerScheme, memoryStore } from '@latchkey/core'
import { equal, ok } from './expect.ts'
import type { Send } from './subject.ts'
import { type AdapterCase, fact, renewal, type Stage, statusesOf } from './stage.ts'

const storm = fact(
  '100 concurrent requests with a dead token: 100 successes, 1 renewal, 200 sends',
  ['T01', 'F02', 'S22'],
  async ({ scene, connect, stale, atOnce }) => {
    const send = connect(stale())
    const arrived = await scene.hold('/items')
    const sent = statusesOf(100, (at) => send(`/items?${at}`))
    await arrived.whenWaiting(atOnce(100))
    await arrived.release()
    equal(await sent, [200])
    equal(await scene.renewals(), 1)
    const sends = (await scene.of('/items')).length
    // Where requests queue for a connection, some are authorized only after the renewal.
    if (atOnce(100) === 100) equal(sends, 200)
    else ok(sends <= 200, `at most 200 sends, not ${sends}`)
  },
)

const firstStorm = fact(
  '100 concurrent requests without a token: 1 renewal, 100 sends',
  ['T01', 'S22'],
  async ({ scene, connect, fresh }) => {
    const send = connect(fresh())
    equal(await statusesOf(100, (at) => send(`/items?${at}`)), [200])
    equal([await scene.renewals(), (await scene.of('/items')).length], [1, 100])
  },
)

/** A manager whose refresh token works once: presented again it is an error, and the session is over. */
async function rotating({ fresh, scene }: Stage) {
  const spent: string[] = []
  const reused: string[] = []
  let issued = 0
  const store = memoryStore()
  await store.setToken(
    { accessToken: await scene.makeToken('stale'), refreshToken: 'r0' },
    'session',
  )
  return { reused, spent, make }

  function make(issue: () => Promise<string>) {
    const grant = {
      name: 'refresh token',
      async request({ tokens }: { tokens?: { refreshToken?: string } }) {
        const { refreshToken = '' } = tokens ?? {}
        if (spent.includes(refreshToken)) reused.push(refreshToken)
        spent.push(refreshToken)
        issued += 1
        return { accessToken: await issue(), refreshToken: `r${issued}` }
      },
    }
    return fresh({ store, name: 'session', grants: [grant] })
  }
}

const singleUse = fact(
  'a single-use refresh token is presented once, under load and round after round',
  ['T02', 'S29', 'S30'],
  async (stage) => {
    const { scene, connect } = stage
    const { make, reused, spent } = await rotating(stage)
    const manager = make(async () => {
      const { token } = await renewal(scene)
        .request({ fetch, signal: AbortSignal.timeout(5_000) })
        .then(() => scene.state())
      return token
    })
    const send = connect(manager)
    for (let round = 0; round < 3; round += 1) {
      equal(await statusesOf(20, (at) => send(`/items?${round}-${at}`)), [200])
      await renewal(scene).request({ fetch, signal: AbortSignal.timeout(5_000) }) // revokes ours
    }
    equal([reused, spent], [[], ['r0', 'r1', 'r2']])
  },
)

const late = fact(
  'a late 401 does not renew again',
  ['T03', 'F03', 'S21'],
  async ({ scene, connect, stale, carried }) => {
    const send = connect(stale())
    const held = await scene.hold('/late')
    const pending = send('/late')
    await held.whenWaiting()
    equal((await send('/items')).status, 200)
    await held.release()
    equal((await pending).status, 200)
    const sent = await scene.of('/late')
    equal([await scene.renewals(), sent.length], [1, 2])
    carried(sent[1], (await scene.state()).token)
  },
)

const replayCarriesNew = fact(
  'a replay carries the new token once, beside the same headers',
  ['T07', 'F01', 'S19'],
  async ({ scene, connect, stale, carried }) => {
    const headers = { 'x-mine': 'a', accept: 'application/x-mine' }
    equal((await connect(stale())('/items', { headers })).status, 200)
    const [first, second, ...more] = await scene.of('/items')
    equal(more.length, 0)
    carried(second, (await scene.state()).token)
    equal(second?.headers['x-mine'], 'a')
    equal(second?.headers.accept, first?.headers.accept)
  },
)

const through = (passSignal: boolean) => async (stage: Stage) => {
  const { scene, connect, stale, platform } = stage
  let api: Send | undefined
  const grant = {
    name: 'through the client',
    async request({ signal }: { signal: AbortSignal }) {
      const call = { method: 'POST', ...(passSignal && { signal }) }
      const { text } = (await api?.('/renew', call)) ?? {}
      return JSON.parse(text ?? '') as { accessToken: string }
    },
  }
  const isBlind = platform.hasNoAsyncContext === true && !passSignal
  const limit = isBlind ? { renewTimeoutMs: 300 } : {}
  const manager = stale({ grants: [grant], ...limit })
  api = connect(manager)
  const { status, result } = await api('/items')
  if (isBlind) {
    equal(manager.explain(result)?.code, 'ERR_RENEWAL_TIMEOUT', 'it ends instead of hanging')
    return
  }
  equal([status, await scene.renewals()], [200, 1])
}

const announced = fact(
  'the replay announces itself without query or token',
  ['S38'],
  async ({ scene, connect, stale }) => {
    const manager = stale()
    const urls: string[] = []
    manager.on('retried', ({ method, url }) => urls.push(`${method} ${url}`))
    await connect(manager)('/items?secret=1')
    equal(urls, [`GET ${scene.api}/items`])
  },
)

const twoManagers = fact(
  'two managers share nothing: each request carries the token of its own',
  ['F30', 'S22'],
  async ({ scene, connect }) => {
    const make = (accessToken: string) => {
      const scheme = headerScheme('authorization')
      const grants = [{ name: 'known', request: () => Promise.resolve({ accessToken }) }]
      return createTokenManager({ origin: new URL(scene.api).origin, scheme, grants })
    }
    const [ada, bob] = [connect(make('ada')), connect(make('bob'))]
    await Promise.all([ada('/open?ada'), bob('/open?bob'), ada('/open?ada'), bob('/open?bob')])
    const seen = await scene.of('/open')
    const sent = seen.map(({ headers }) => headers.authorization ?? '')
    equal(
      ['ada', 'bob'].map((name) => sent.filter((value) => value === name).length),
      [2, 2],
    )
  },
)

/** One renewal for everybody, judged by generation. */
export const renewalCases: readonly AdapterCase[] = [
  storm,
  firstStorm,
  singleUse,
  late,
  replayCarriesNew,
  fact(
    'a grant that uses the very client it serves does not wait for itself',
    ['T05', 'F15', 'F52'],
    through(false),
  ),
  fact(
    'a grant that passes its signal on through that client is known by it',
    ['T05', 'F15', 'F52'],
    through(true),
  ),
  announced,
  twoManagers,
]
