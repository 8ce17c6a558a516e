import { deepEqual, equal } from 'node:assert/strict'
import { burst, clientsOf } from './clients.ts'
import { type AcceptanceCase, observe, outlive } from './target.ts'

/** Sessions that end, here and elsewhere. */
export const sessionCases: readonly AcceptanceCase[] = [
  {
    name: 'session: ended elsewhere, it falls to the password, once for 30 requests',
    async run(target) {
      const user = await target.newUser()
      const { noco, asked, events } = observe(target, user)
      const clients = clientsOf(noco)
      const url = target.baseUrl + target.recordsPath
      deepEqual(await burst(clients, url, 3), [200])
      const elsewhere = observe(target, user).noco
      await elsewhere.getTokens()
      await elsewhere.signOut()
      deepEqual(await burst(clients, url, 30), [200])
      deepEqual(asked, { signIns: 2, refreshes: 1 })
      equal(events.signedOut, 0)
    },
  },
  {
    name: 'session: ended elsewhere, without a password, it is told by one typed error',
    async run(target) {
      const user = await target.newUser()
      const { noco, asked, events } = observe(target)
      await noco.signIn(user)
      const elsewhere = observe(target, user).noco
      await elsewhere.getTokens()
      await elsewhere.signOut()
      const url = target.baseUrl + target.recordsPath
      const codes: (string | undefined)[] = []
      for (const client of clientsOf(noco)) {
        await client.get(url).catch((error) => codes.push(noco.explain(error)?.code))
      }
      deepEqual(
        codes,
        Array.from({ length: 3 }, () => 'ERR_REFRESH_TOKEN_REJECTED'),
      )
      deepEqual(asked, { signIns: 1, refreshes: 1 })
      equal(events.signedOut, 1)
      equal(await noco.isSignedIn(), false)
    },
  },
  {
    name: 'session: me() and isSignedIn() see through the guest that a dead token is',
    async run(target) {
      const user = await target.newUser()
      const { noco, asked } = observe(target)
      await noco.signIn(user)
      const tokens = await noco.getTokens()
      await outlive(target)
      // The manager takes the dead token for good, as it would one that was revoked at the server.
      const dead = { ...tokens, expiresAt: target.now() + 3_600_000 }
      await noco.setTokens(dead)
      equal((await noco.me()).email, user.email)
      const { refreshToken: _, ...alone } = dead
      await noco.setTokens(alone)
      equal(await noco.isSignedIn(), false)
      await noco.signIn(user)
      equal((await noco.me()).email, user.email)
      equal(await noco.isSuperAdmin(), false)
      equal(await observe(target, target.admin).noco.isSuperAdmin(), true)
      deepEqual(asked, { signIns: 2, refreshes: 1 })
    },
  },
  {
    name: 'session: a password change lets this one go on, and ends the others',
    async run(target) {
      const user = await target.newUser()
      const { noco, asked } = observe(target, user)
      const elsewhere = observe(target)
      await noco.getTokens()
      await elsewhere.noco.signIn(user)
      const newPassword = `${user.password}-new`
      await noco.changePassword({ currentPassword: user.password, newPassword })
      const url = target.baseUrl + target.recordsPath
      deepEqual(await burst(clientsOf(noco), url, 6), [200])
      deepEqual(asked, { signIns: 1, refreshes: 1 })
      equal(await elsewhere.noco.isSignedIn(), false)
      await observe(target, { ...user, password: newPassword }).noco.getTokens()
    },
  },
  {
    name: 'session: signUp() goes on as the new user, over a renewal',
    async run(target) {
      const user = target.newCredentials()
      const { noco, asked } = observe(target)
      await noco.signUp(user)
      equal((await noco.me()).email, user.email)
      await outlive(target)
      equal((await noco.me()).email, user.email)
      deepEqual(asked, { signIns: 0, refreshes: 1 })
    },
  },
]
