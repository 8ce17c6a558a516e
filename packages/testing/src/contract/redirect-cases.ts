import { bearer, headerScheme, type Scheme } from '@latchkey/core'
import { equal, ok } from './expect.ts'
import {
  type AdapterCase,
  codeOf,
  fact,
  isBarred,
  isPlain,
  redirectTo,
  type Stage,
} from './stage.ts'
import type { Call, Outcome } from './subject.ts'

/** Whether this platform hides the target of a redirect and sends the token along. */
const isHidden = async (stage: Stage, scheme: Scheme): Promise<boolean> =>
  stage.platform.hidesRedirects === true && !(await isPlain(stage, scheme))

/**
 * What is safe where redirects cannot be followed: refused with words on what to do, or handed to the
 * caller. Either way nothing went on. Answers whether that was it.
 */
async function stayed(stage: Stage, scheme: Scheme, outcome: Outcome): Promise<boolean> {
  const { scene, platform } = stage
  if (platform.returnsRedirects) {
    ok([301, 302, 303, 307, 308].includes(outcome.status ?? 0), 'the redirect is the answer')
  } else if (await isHidden(stage, scheme)) {
    const { cause } = outcome.result as Error
    ok(
      [outcome.result, cause].some((one) => codeOf({ result: one }) === 'ERR_REDIRECT_REFUSED'),
      'refused',
    )
  } else return false
  const { seen } = await scene.state()
  equal(seen.filter(({ path }) => path !== '/redirect' && path !== '/renew').length, 0)
  return true
}

const schemes: { name: string; of(stage: Stage): Scheme }[] = [
  { name: 'bearer', of: () => bearer() },
  { name: 'xc-token', of: () => headerScheme('xc-token') },
  { name: "the subject's scheme", of: ({ scheme }) => scheme }, // unless it has its own: xc-auth
]

const drops = schemes.flatMap(({ name, of }) =>
  [301, 302, 303, 307, 308].map((status) =>
    fact(
      `a ${status} to another port leaves ${name} behind`,
      ['S12', 'S17', 'F19', 'T20'],
      async (stage) => {
        const { scene, connect, fresh, credentialsOf } = stage
        const scheme = of(stage)
        if (await isBarred(stage, scheme)) return
        const send = connect(fresh({ scheme }))
        const outcome = await send(redirectTo(status, `${scene.other}/open`))
        equal(Object.keys(credentialsOf((await scene.of('/redirect'))[0])).length, 1)
        if (await stayed(stage, scheme, outcome)) return
        equal(outcome.status, 200)
        equal(credentialsOf((await scene.of('/open'))[0]), {})
      },
    ),
  ),
)

const roundTrips = schemes.map(({ name, of }) =>
  fact(
    `${name} dropped on a redirect stays dropped on the way back, and its 401 renews nothing`,
    ['S13', 'S16', 'S20', 'F20'],
    async (stage) => {
      const { scene, connect, fresh, platform, credentialsOf } = stage
      const scheme = of(stage)
      if (await isBarred(stage, scheme)) return
      const back = `${scene.other}${redirectTo(302, `${scene.api}/items`)}`
      const outcome = await connect(fresh({ scheme }))(redirectTo(302, back))
      if (await stayed(stage, scheme, outcome)) return
      equal(outcome.status, 401)
      for (const seen of await scene.of('/items')) equal(credentialsOf(seen), {})
      const { seen, renewals } = await scene.state()
      // A browser does not tell that it dropped the header: there it costs one renewal, and no more.
      if (platform.hidesRedirects) ok(renewals <= 2, 'at most one needless renewal')
      else {
        equal(
          seen.map(({ at }) => at),
          ['api', 'api', 'other', 'api'],
        )
        equal(renewals, 1) // the first token
      }
    },
  ),
)

const localhost = fact(
  'a redirect to another name of the same machine leaves the token behind',
  ['S12', 'S14', 'S03'],
  async (stage) => {
    const { scene, connect, fresh, scheme, credentialsOf } = stage
    const elsewhere = scene.api.replace('127.0.0.1', 'localhost')
    const outcome = await connect(fresh())(redirectTo(307, `${elsewhere}/open`))
    if (await stayed(stage, scheme, outcome)) return
    for (const seen of await scene.of('/open')) equal(credentialsOf(seen), {})
  },
)

const withinOrigin = fact(
  'a redirect within the origin keeps the token',
  ['S16', 'F19'],
  async (stage) => {
    const { scene, connect, fresh, scheme, carried } = stage
    const outcome = await connect(fresh())(redirectTo(302, `${scene.api}/items`))
    if (await stayed(stage, scheme, outcome)) return
    equal(outcome.status, 200)
    carried((await scene.of('/items'))[0], (await scene.state()).token)
  },
)

const deadBehind = schemes.map(({ name, of }) =>
  fact(
    `a dead token behind a redirect within the origin is renewed once, with ${name}`,
    ['S16', 'F01'],
    async (stage) => {
      const { scene, connect, stale } = stage
      const scheme = of(stage)
      if (await isBarred(stage, scheme)) return
      const outcome = await connect(stale({ scheme }))(redirectTo(307, `${scene.api}/items`))
      if (await stayed(stage, scheme, outcome)) return
      equal([outcome.status, await scene.renewals()], [200, 1])
      equal((await scene.of('/items')).length, 2)
    },
  ),
)

const posted: Call = { method: 'POST', body: 'text', headers: { 'content-type': 'text/plain' } }

const keepsPost = fact('a 307 keeps method and body of a POST', ['S16'], async (stage) => {
  const { scene, connect, fresh, scheme } = stage
  const outcome = await connect(fresh())(redirectTo(307, `${scene.api}/items`), posted)
  if (await stayed(stage, scheme, outcome)) return
  const [seen] = await scene.of('/items')
  equal(
    [outcome.status, seen?.method, seen?.body, seen?.headers['content-type']],
    [200, 'POST', 'text', 'text/plain'],
  )
})

const becomesGet = fact('a 303 turns a POST into a GET without a body', ['S16'], async (stage) => {
  const { scene, connect, fresh, scheme } = stage
  const outcome = await connect(fresh())(redirectTo(303, `${scene.api}/items`), posted)
  if (await stayed(stage, scheme, outcome)) return
  const [seen] = await scene.of('/items')
  equal(
    [outcome.status, seen?.method, seen?.body, seen?.headers['content-type']],
    [200, 'GET', '', undefined],
  )
})

const foreign401 = fact(
  'a 401 from the target of a foreign redirect renews nothing',
  ['S18', 'F20', 'S20'],
  async (stage) => {
    const { scene, connect, fresh, scheme } = stage
    await scene.script('/elsewhere', [{ status: 401, body: '{}' }])
    const outcome = await connect(fresh())(redirectTo(302, `${scene.other}/elsewhere`))
    if (await stayed(stage, scheme, outcome)) return
    equal([outcome.status, await scene.renewals()], [401, 1]) // the first token
    equal((await scene.of('/redirect')).length, 1)
  },
)

const endless = fact(
  'a redirect without an end is given up, and renews nothing',
  ['F21', 'S16'],
  async (stage) => {
    const { scene, connect, fresh, scheme } = stage
    const loop = { status: 302, headers: { location: `${scene.api}/loop` } }
    await scene.script(
      '/loop',
      Array.from({ length: 60 }, () => loop),
    )
    const outcome = await connect(fresh())('/loop')
    const sends = (await scene.of('/loop')).length
    if ((await isHidden(stage, scheme)) || stage.platform.returnsRedirects) equal(sends, 1)
    else ok(outcome.status === undefined && sends <= 51, `given up after ${sends} sends`)
    equal(await scene.renewals(), 1) // the first token
  },
)

/** No route takes a credential to another origin. */
export const redirectCases: readonly AdapterCase[] = [
  ...drops,
  ...roundTrips,
  localhost,
  withinOrigin,
  ...deadBehind,
  keepsPost,
  becomesGet,
  foreign401,
  endless,
]
