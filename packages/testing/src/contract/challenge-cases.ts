import { GrantDeferredError, type TokenManagerOptions } from '@latchkey/core'
import { equal } from './expect.ts'
import { type AdapterCase, codeOf, fact } from './stage.ts'

/** Answers a challenge with this token set; `undefined`: with the one that was refused. */
const answering = (accessToken?: string): Pick<TokenManagerOptions, 'onChallenge'> => ({
  onChallenge: (_, tokens) => (accessToken === undefined ? tokens : { accessToken }),
})

const answered = ([401, 403] as const).map((status) =>
  fact(
    `a ${status} whose challenge is answered with another token is sent again with it, without a renewal`,
    ['F24'],
    async ({ scene, connect, stale, carried }) => {
      const { token } = await scene.state()
      const isRejected: TokenManagerOptions['isTokenRejected'] = (response) =>
        response.status === 401
      const manager = stale({ ...answering(token), isTokenRejected: isRejected })
      if (status === 403) await scene.script('/items', [{ status }])
      equal((await connect(manager)('/items', { method: 'POST', body: 'text' })).status, 200)
      const [first, second, ...more] = await scene.of('/items')
      equal(more.length, 0)
      equal(second?.body, first?.body)
      carried(second, token)
      equal(await scene.renewals(), 0)
    },
  ),
)

const again = fact(
  'a challenge that is answered with new headers has the request sent again, and a renewal may still follow',
  ['F24'],
  async ({ scene, connect, stale, carried }) => {
    equal((await connect(stale(answering()))('/items')).status, 200)
    const seen = await scene.of('/items')
    equal(seen.length, 3)
    carried(seen.at(-1), (await scene.state()).token)
    equal(await scene.renewals(), 1)
  },
)

const once = fact(
  'a second challenge to a request that answers one goes to the caller',
  ['F24'],
  async ({ scene, connect, stale }) => {
    await scene.script('/items', [{ status: 403 }, { status: 403 }])
    equal((await connect(stale(answering()))('/items')).status, 403)
    equal((await scene.of('/items')).length, 2)
    equal(await scene.renewals(), 0)
  },
)

const deferred = fact(
  'a renewal that needs the user keeps the session, and is not asked for again',
  ['F24'],
  async ({ scene, connect, stale }) => {
    let asked = 0
    const request = async (): Promise<never> => {
      asked += 1
      throw new GrantDeferredError('Accept the new terms first.')
    }
    const manager = stale({ grants: [{ name: 'refresh token', request }] })
    const send = connect(manager)
    const { status, result } = await send('/items')
    equal(status, 401)
    equal(manager.explain(result)?.code, 'ERR_USER_ACTION_REQUIRED')
    equal(codeOf(await send('/items')), 'ERR_USER_ACTION_REQUIRED')
    equal(manager.state.status, 'signedIn')
    equal(asked, 1)
    equal((await scene.of('/items')).length, 1)
  },
)

/** Refusals that a renewal cannot answer, and the user may. */
export const challengeCases: readonly AdapterCase[] = [...answered, again, once, deferred]
