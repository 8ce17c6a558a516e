import { deepEqual, equal } from 'node:assert/strict'
import { memoryStore } from '@latchkey/core'
import { burst, clientsOf } from './clients.ts'
import { type AcceptanceCase, observe, outlive } from './target.ts'

/** Which credential is used, and in which order they are tried. */
export const chainCases: readonly AcceptanceCase[] = [
  {
    name: 'chain: the API token comes before a session and a password',
    async run(target) {
      const store = memoryStore()
      const user = await target.newUser()
      const session = observe(target, { ...user, store })
      const { token, id } = await session.noco.apiTokens.create({ description: 'acceptance' })
      const other = await target.newUser()
      const { noco, asked } = observe(target, { ...other, store, apiToken: token })
      equal((await noco.me()).email, user.email)
      deepEqual(await burst(clientsOf(noco), target.baseUrl + target.recordsPath, 3), [200])
      deepEqual(asked, { signIns: 0, refreshes: 0 })
      await session.noco.apiTokens.delete(id)
    },
  },
  {
    name: 'chain: an unexpired access token is used as it is',
    async run(target) {
      const store = memoryStore()
      const user = await target.newUser()
      await observe(target, { ...user, store }).noco.getTokens()
      const { noco, asked } = observe(target, { ...user, store })
      deepEqual(await burst(clientsOf(noco), target.baseUrl + target.recordsPath, 3), [200])
      deepEqual(asked, { signIns: 0, refreshes: 0 })
    },
  },
  {
    name: 'chain: a refresh token comes before the password, and needs none',
    async run(target) {
      const store = memoryStore()
      const user = await target.newUser()
      await observe(target, { ...user, store }).noco.getTokens()
      await outlive(target)
      const { noco, asked } = observe(target, { store })
      deepEqual(await burst(clientsOf(noco), target.baseUrl + target.recordsPath, 3), [200])
      equal((await noco.me()).email, user.email)
      deepEqual(asked, { signIns: 0, refreshes: 1 })
    },
  },
  {
    name: 'chain: email and password come last, once for 50 first requests of three clients',
    async run(target) {
      const { noco, asked } = observe(target, await target.newUser())
      deepEqual(await burst(clientsOf(noco), target.baseUrl + target.recordsPath, 50), [200])
      deepEqual(asked, { signIns: 1, refreshes: 0 })
    },
  },
  {
    name: 'chain: a wrong password is sent once, for 50 requests and the next 10',
    async run(target) {
      const user = await target.newUser()
      const { noco, asked } = observe(target, { ...user, password: 'not this one' })
      const clients = clientsOf(noco)
      const url = target.baseUrl + target.recordsPath
      const codes = new Set<string | undefined>()
      const attempt = async (at: number) =>
        clients[at % 3]?.get(url).catch((error) => codes.add(noco.explain(error)?.code))
      await Promise.all(Array.from({ length: 50 }, (_, at) => attempt(at)))
      for (let at = 0; at < 10; at += 1) await attempt(at)
      deepEqual([...codes], ['ERR_WRONG_CREDENTIALS'])
      deepEqual(asked, { signIns: 1, refreshes: 0 })
    },
  },
]
