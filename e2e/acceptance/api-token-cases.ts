import { deepEqual, equal } from 'node:assert/strict'
import { burst, clientsOf } from './clients.ts'
import { type AcceptanceCase, observe } from './target.ts'

export const apiTokenCases: readonly AcceptanceCase[] = [
  {
    name: 'API tokens: created in a session, used by all three clients, deleted by id',
    async run(target) {
      const { noco } = observe(target, await target.newUser())
      const { id, token } = await noco.apiTokens.create({ description: 'nightly import' })
      const { noco: robot, asked } = observe(target, { apiToken: token })
      deepEqual(await burst(clientsOf(robot), target.baseUrl + target.recordsPath, 9), [200])
      deepEqual(
        (await noco.apiTokens.list()).map(({ description }) => description),
        ['nightly import'],
      )
      await noco.apiTokens.delete(id)
      deepEqual(await noco.apiTokens.list(), [])
      deepEqual(asked, { signIns: 0, refreshes: 0 })
    },
  },
  {
    name: 'API tokens: all are listed, not the first ten only',
    async run(target) {
      const { noco } = observe(target, await target.newUser())
      for (let n = 0; n < 13; n += 1) await noco.apiTokens.create()
      equal((await noco.apiTokens.list()).length, 13)
    },
  },
  {
    name: 'API tokens: one that is no good is told as such by every client; no sign-in is tried',
    async run(target) {
      const apiToken = 'x'.repeat(40)
      const { noco, asked } = observe(target, { ...(await target.newUser()), apiToken })
      const url = target.baseUrl + target.recordsPath
      const codes: (string | undefined)[] = []
      for (const client of clientsOf(noco)) {
        await client.get(url).catch((error) => codes.push(noco.explain(error)?.code))
      }
      deepEqual(
        codes,
        Array.from({ length: 3 }, () => 'ERR_API_TOKEN_REJECTED'),
      )
      deepEqual(asked, { signIns: 0, refreshes: 0 })
    },
  },
  {
    name: 'API tokens: one survives the sign-out that ends all sessions',
    async run(target) {
      const { noco } = observe(target, await target.newUser())
      const { token } = await noco.apiTokens.create()
      await noco.signOut()
      equal(await observe(target, { apiToken: token }).noco.isSignedIn(), true)
    },
  },
]
