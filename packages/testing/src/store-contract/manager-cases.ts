import {
  bearer,
  createTokenManager,
  type Grant,
  GrantRejectedError,
  isLatchkeyError,
  type TokenManager,
  type TokenManagerOptions,
  type TokenSet,
  type TokenStore,
} from '@latchkey/core'
import { CANARY } from '../contract/canary.ts'
import { equal } from '../contract/expect.ts'
import { attempt, fact, get, NAME, type Stage } from './stage.ts'

const HOUR_MS = 3_600_000

/** A server whose refresh tokens work once, with a clock that cases move on. */
function rotatingServer() {
  let ahead = 0
  let current = `${CANARY}-r0`
  let signIns = 0
  const presented: string[] = []
  const now = () => Date.now() + ahead
  const issue = (): TokenSet => {
    const at = `${presented.length}-${signIns}`
    current = `${CANARY}-r${at}`
    return {
      accessToken: `${CANARY}-a${at}`,
      refreshToken: current,
      expiresAt: now() + HOUR_MS,
      refreshExpiresAt: now() + 1_000 * HOUR_MS,
    }
  }
  const refresh: Grant = {
    name: 'refresh token',
    async request({ tokens }) {
      if (!tokens?.refreshToken) return undefined
      presented.push(tokens.refreshToken)
      await Promise.resolve() // as any answer takes a while
      if (tokens.refreshToken !== current)
        throw new GrantRejectedError('The token was used before.')
      return issue()
    },
  }
  const signIn: Grant = {
    name: 'password',
    async request() {
      signIns += 1
      return issue()
    },
  }
  return {
    clock: { now },
    refresh,
    signIn,
    issue,
    /** Every access token issued so far has expired. */
    expire: () => void (ahead += 2 * HOUR_MS),
    presented,
    signIns: () => signIns,
  }
}

type Server = ReturnType<typeof rotatingServer>

function manage(store: TokenStore, server: Server, more: Partial<TokenManagerOptions> = {}) {
  return createTokenManager({
    origin: 'https://api.test',
    name: NAME,
    scheme: bearer(),
    grants: [server.refresh],
    clock: server.clock,
    store,
    ...more,
  })
}

const restart = fact(
  'a session survives a restart: the next manager signs in with what is stored',
  ['S50', 'F73'],
  async ({ store, another }) => {
    const server = rotatingServer()
    const first = manage(store, server, { grants: [server.refresh, server.signIn] })
    const { accessToken } = await first.getTokens()
    first.dispose()
    const second = manage(await another(), server)
    equal((await second.getTokens()).accessToken, accessToken)
    server.expire()
    await second.getTokens()
    equal([server.signIns(), server.presented.length], [1, 1])
  },
)

const onePresentation = fact(
  'ten managers that renew at once present each single-use refresh token once',
  ['F75', 'F82', 'S29'],
  async (stage) => {
    const { store, lacks } = stage
    const other = lacks('sharedLock') ? store : await stage.another()
    const server = rotatingServer()
    await store.setToken(server.issue(), NAME)
    const managers = Array.from({ length: 10 }, (_, at) => manage(at % 2 ? other : store, server))
    await Promise.all(managers.map((manager) => manager.getTokens()))
    for (let round = 1; round <= 3; round += 1) {
      server.expire()
      const got = await Promise.all(managers.map((manager) => manager.getTokens()))
      equal(new Set(got.map(({ accessToken }) => accessToken)).size, 1, 'tokens handed out')
      equal(server.presented.length, round, 'refresh tokens presented')
    }
    for (const manager of managers) manager.dispose()
  },
  'lock',
)

const signOut = fact(
  'a sign-out empties the store, and another manager that renews is signed out too',
  ['S50', 'F74'],
  async ({ store, another }) => {
    const server = rotatingServer()
    await store.setToken(server.issue(), NAME)
    const [leaver, stayer] = [manage(store, server), manage(await another(), server)]
    await Promise.all([leaver.getTokens(), stayer.getTokens()])
    const signedOut = countSignOuts(stayer)
    await leaver.signOut()
    equal(await get(store), undefined)
    server.expire()
    const { error } = await attempt(() => stayer.getTokens())
    equal(isLatchkeyError(error) && error.code, 'ERR_SIGN_IN_REQUIRED')
    equal([signedOut(), server.presented], [1, []])
    equal(await get(await another()), undefined)
    stayer.dispose()
  },
)

function countSignOuts(manager: TokenManager): () => number {
  let count = 0
  manager.on('signedOut', () => void (count += 1))
  return () => count
}

const seenElsewhere = fact(
  'a renewal, a sign-out and a sign-in are seen by another manager that has a valid token',
  ['S50', 'F75'],
  async ({ place, store, eventually }) => {
    const server = rotatingServer()
    await store.setToken(server.issue(), NAME)
    const [one, two] = [manage(store, server), manage(await place.open(), server)]
    const hasSame = async ({ accessToken }: TokenSet) =>
      (await two.getTokens()).accessToken === accessToken
    await Promise.all([one.getTokens(), two.getTokens()])
    const renewed = await one.refresh()
    await eventually(() => hasSame(renewed), 'the renewal is seen')
    const signedOut = countSignOuts(two)
    await one.signOut()
    await eventually(() => signedOut() === 1, 'the sign-out is seen')
    const tokens = server.issue()
    await one.setTokens(tokens)
    await eventually(() => hasSame(tokens), 'the sign-in is seen')
    for (const manager of [one, two]) manager.dispose()
  },
  'subscribe',
  'sharing',
)

const afresh = fact(
  'a manager that finds garbage says so at most once and signs in afresh',
  ['S44', 'F72', 'F78'],
  async ({ place, store }: Stage) => {
    if (!place.write) return 'skipped'
    await place.write(NAME, `{"version":1,"accessToken":"${CANARY}`)
    const server = rotatingServer()
    const manager = manage(store, server, { grants: [server.refresh, server.signIn] })
    const warnings: string[] = []
    manager.on('storeFailed', ({ operation }) => void warnings.push(operation))
    const { accessToken } = await manager.getTokens()
    equal(warnings.slice(1), [], 'more than one warning')
    equal(warnings[0] ?? 'get', 'get', 'what the warning is about')
    equal((await get(store))?.accessToken, accessToken)
    manager.dispose()
  },
  'distrust',
)

/** What managers make of the store. */
export const managerCases = [restart, onePresentation, signOut, seenElsewhere, afresh]
