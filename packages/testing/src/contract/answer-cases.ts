import type { TokenManagerOptions } from '@latchkey/core'
import { equal, ok } from './expect.ts'
import type { Answer } from './scene.ts'
import { type AdapterCase, fact, isAbort, pause, type Stage } from './stage.ts'

/** Looks into the body of every answer, as a server that answers strangely asks for. */
const sniffing = (): Partial<TokenManagerOptions> => ({
  isTokenRejected: async (response) => {
    await response.text()
    return response.status === 401
  },
})

const strange: Record<string, Answer> = {
  'in HTML': { body: '<html>401</html>', headers: { 'content-type': 'text/html' } },
  'of a wrong type': { body: '<html>', headers: { 'content-type': 'application/json' } },
  'in another language': { body: '{"msg":"Jeton invalide"}' },
  'in capitals': { body: '{"MSG":"INVALID TOKEN"}' },
  'without a body': { body: '' },
  'with many headers': {
    body: '{}',
    headers: {
      'set-cookie': ['a=1', 'b=2', `c=${'x'.repeat(2_000)}`],
      'www-authenticate': ['Bearer', 'Basic realm="x"'],
      'x-large': 'y'.repeat(6_000),
      age: '300',
    },
  },
}

const byStatus = Object.entries(strange).map(([name, answer]) =>
  fact(
    `a 401 ${name} is known by its status: 1 renewal, 1 replay`,
    ['F01', 'F06', 'F07', 'F22'],
    async ({ scene, connect, stale }) => {
      await scene.script('/strange', [{ status: 401, ...answer }])
      equal((await connect(stale(sniffing()))('/strange')).status, 200)
      equal([(await scene.of('/strange')).length, await scene.renewals()], [2, 1])
    },
  ),
)

/** No answer is over for ever: its connection is free again. */
async function letGo({ scene }: Stage): Promise<void> {
  for (let tries = 0; tries < 60; tries += 1) {
    if ((await scene.state()).open === 0) return
    await pause(50)
  }
  ok(false, 'the connection is let go of')
}

const withoutEnd = {
  endless: { body: 'is endless', refs: ['F08', 'F10'] },
  stalled: { body: 'is stalled', refs: ['F08', 'F10'] },
  bomb: { body: 'inflates without end', refs: ['F08', 'F09'] },
} as const

const endless = (['endless', 'stalled', 'bomb'] as const).map((fault) =>
  fact(
    `a 401 whose body ${withoutEnd[fault].body} is known by its status within a second, and let go of`,
    withoutEnd[fault].refs,
    async (stage) => {
      const { scene, connect, stale, platform } = stage
      await scene.script('/items', [{ status: 401, body: '{"msg":', fault }])
      const send = connect(stale(sniffing()))
      if (!platform.buffersBodies) equal((await send('/items')).status, 200)
      else {
        // The client shows no status before the body has ended: the caller's signal ends it.
        const outcome = await send('/items', { signal: abortedIn(300) })
        ok(isAbort(outcome), 'aborted in its own way')
        equal([(await scene.of('/items')).length, await scene.renewals()], [1, 0])
      }
      await letGo(stage)
    },
  ),
)

function abortedIn(ms: number): AbortSignal {
  const controller = new AbortController()
  setTimeout(() => controller.abort(), ms)
  return controller.signal
}

const broken: Record<string, Answer> = {
  'breaks off': { body: '{"msg":"Inv', fault: 'cut' },
  'is wrongly encoded': { body: 'not gzip at all', headers: { 'content-encoding': 'gzip' } },
}

const breaks = Object.entries(broken).map(([name, answer]) =>
  fact(
    `a 401 whose body ${name} is known by its status, or fails once and renews nothing`,
    ['F09', 'F18'],
    async (stage) => {
      const { scene, connect, stale, platform } = stage
      await scene.script('/items', [{ status: 401, ...answer }])
      const { status } = await connect(stale(sniffing()))('/items')
      const { length } = await scene.of('/items')
      if (platform.buffersBodies && status === undefined) {
        equal([length, await scene.renewals()], [1, 0])
      } else equal([status, length], [200, 2])
    },
  ),
)

/** More than anybody looks at. */
const LARGE = 'Denied. '.repeat(5_000)

const readable = fact(
  'the body of a 401 stays readable, also a large one, of which 16 KiB are looked at',
  ['T10', 'F06', 'F08'],
  async ({ scene, connect, stale }) => {
    const inspected: string[] = []
    const manager = stale({
      isTokenRejected: async (response) => {
        inspected.push(await response.text())
        return response.status === 401
      },
    })
    const send = connect(manager)
    const type = { 'content-type': 'text/plain' }
    const large = { status: 401, body: LARGE, headers: type }
    await scene.script('/large', [large, large])
    equal(JSON.parse((await send('/denied')).text ?? ''), { msg: 'Invalid token' })
    equal((await send('/large')).text, LARGE)
    equal(inspected[0]?.replaceAll(' ', ''), '{"msg":"Invalidtoken"}')
    equal(inspected.at(-1), LARGE.slice(0, 16_384))
  },
)

const in200 = fact(
  'a 200 that says "token expired" renews when isTokenRejected says so, and is passed on otherwise',
  ['T10', 'F12'],
  async ({ scene, connect, stale }) => {
    const expired = { status: 200, body: '{"error":"token expired"}' }
    await scene.script('/items', [expired])
    equal(JSON.parse((await connect(stale())('/items')).text ?? ''), { error: 'token expired' })
    equal(await scene.renewals(), 0)
    await scene.script('/items', [expired])
    const isTokenRejected = async (response: { text(): Promise<string> }) =>
      (await response.text()).includes('token expired')
    const { text } = await connect(stale({ isTokenRejected }))('/items')
    equal([JSON.parse(text ?? ''), await scene.renewals()], [{ ok: true }, 1])
  },
)

const throwingMatcher = fact(
  'an isTokenRejected that throws leaves the decision to the status',
  ['F06', 'F50'],
  async ({ scene, connect, stale }) => {
    const isTokenRejected = () => {
      throw new Error('mine')
    }
    equal((await connect(stale({ isTokenRejected }))('/items')).status, 200)
    equal(await scene.renewals(), 1)
  },
)

const cached = fact(
  'a 401 that says it may be cached is not replayed out of a cache',
  ['F23'],
  async ({ scene, connect, stale }) => {
    const headers = { 'cache-control': 'max-age=60', age: '1' }
    await scene.script('/cached', [{ status: 401, body: '{}', headers }])
    const { status } = await connect(stale())('/cached')
    equal([status, (await scene.of('/cached')).length, await scene.renewals()], [200, 2, 1])
  },
)

/** Answers as servers, proxies and networks give them. */
export const answerCases: readonly AdapterCase[] = [
  ...byStatus,
  ...endless,
  ...breaks,
  readable,
  in200,
  throwingMatcher,
  cached,
]
