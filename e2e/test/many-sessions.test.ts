import { memoryStore, type TokenStore } from '@latchkey/core'
import { authorizedFetch } from '@latchkey/core/adapter'
import { wrapFetch } from '@latchkey/fetch'
import { nocodb } from '@latchkey/nocodb'
import { oauth } from '@latchkey/oauth'
import { powerAuth } from '@latchkey/powerauth'
import { createNocoDBDouble } from '@latchkey/testing'
import { listen, type ListeningServer } from '@latchkey/testing/node'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  CANARY,
  createPowerAuthDouble,
} from '../../packages/powerauth/test/support/power-auth-double.ts'
import { startMachineServer } from './support/machine-server.ts'
import { subjects } from './support/subjects.ts'

const ada = { email: 'ada@example.com', password: `${CANARY}-ada` }
const grace = { email: 'grace@example.com', password: `${CANARY}-grace` }

let noco: ReturnType<typeof createNocoDBDouble>
let bank: ReturnType<typeof createPowerAuthDouble>
let machine: Awaited<ReturnType<typeof startMachineServer>>
let nocoServer: ListeningServer
let bankServer: ListeningServer
let bankAheadMs: number

beforeEach(async () => {
  noco = createNocoDBDouble()
  noco.control.addUser(ada)
  noco.control.addUser(grace)
  bankAheadMs = 0
  bank = createPowerAuthDouble({ now: () => Date.now() + bankAheadMs })
  nocoServer = await listen(noco)
  bankServer = await listen(bank)
  machine = await startMachineServer()
})
afterEach(() => Promise.all([nocoServer.close(), bankServer.close(), machine.close()]))

/** The four sessions of one app, in one store. */
function openSessions(store: TokenStore) {
  const baseUrl = nocoServer.url
  const tokens = powerAuth({
    origin: bankServer.url,
    store,
    createToken: () => bank.control.createToken(),
  })
  return {
    ada: nocodb({ baseUrl, ...ada, store, name: 'ada' }),
    grace: nocodb({ baseUrl, ...grace, store, name: 'grace' }),
    machine: oauth({
      origin: machine.url,
      tokenEndpoint: `${machine.url}/token`,
      ...machine.client,
      clientCredentials: true,
      store,
      name: 'machine',
    }),
    bank: tokens.token('balance', { authentication: 'possession' }),
    tokens,
  }
}

type Sessions = ReturnType<typeof openSessions>
type Name = 'ada' | 'grace' | 'machine' | 'bank'
const names: readonly Name[] = ['ada', 'grace', 'machine', 'bank']

/** What each session's server answers, in the words that tell sessions apart. */
const answers: Record<Name, { path: string; word: string; url: () => string }> = {
  ada: { path: '/api/v1/auth/user/me', word: ada.email, url: () => nocoServer.url },
  grace: { path: '/api/v1/auth/user/me', word: grace.email, url: () => nocoServer.url },
  machine: { path: '/whoami', word: '"reports"', url: () => machine.url },
  bank: { path: '/balance', word: '"/balance"', url: () => bankServer.url },
}

/** Every session through every client, `times` times, all at once. Gives who did not get their answer. */
async function everybodyAsks(sessions: Sessions, times: number, who = names): Promise<string[]> {
  const asked = subjects.flatMap(({ name: client, subject }) =>
    who.map((name) => {
      const { path, word, url } = answers[name]
      const send = subject.connect({ manager: sessions[name], baseUrl: url() })
      return async () => {
        const { status, text } = await send(path)
        return status === 200 && text?.includes(word) ? [] : [`${name} by ${client}: ${status}`]
      }
    }),
  )
  const rounds = Array.from({ length: times }, () => asked).flat()
  return (await Promise.all(rounds.map((ask) => ask()))).flat()
}

describe('four sessions in one store', () => {
  test('stay separate through every client at once, after one sign-in each', async () => {
    const store = memoryStore()
    expect(await everybodyAsks(openSessions(store), 5)).toEqual([])
    expect(noco.control.counts()).toMatchObject({ signIns: 2, renewals: 0, unauthorized: 0 })
    expect(machine.counts).toEqual({ issued: 1, accepted: 25, refused: 0 })
    expect(bank.control.counts).toMatchObject({ created: 1, accepted: 25, refused: 0 })
    const bankEntry = `powerauth/${encodeURIComponent(bankServer.url)}/balance`
    const kept = ((await store.names?.()) ?? []).toSorted()
    expect(kept).toEqual(['ada', 'grace', 'machine', bankEntry])
  })

  test('send each server only its own kind of credential', async () => {
    await everybodyAsks(openSessions(memoryStore()), 1)
    const atNoco = noco.control.log().flatMap(({ credentials }) => credentials)
    expect([...new Set(atNoco)]).toEqual(['xc-auth'])
    const credentials = ['authorization', 'xc-auth', 'xc-token', 'x-powerauth-token', 'cookie']
    const atMachine = machine.seen.flatMap((headers) => credentials.filter((one) => headers[one]))
    expect([...new Set(atMachine)]).toEqual(['authorization'])
    expect(bank.control.headers.every((header) => header.startsWith('PowerAuth '))).toBe(true)
  })

  test('that all expire at once are renewed once each, and each user stays the same', async () => {
    const sessions = openSessions(memoryStore())
    await everybodyAsks(sessions, 1)
    noco.control.revokeAccessTokens(ada.email)
    noco.control.revokeAccessTokens(grace.email)
    machine.revoke()
    bankAheadMs = 86_400_000
    expect(await everybodyAsks(sessions, 5)).toEqual([])
    expect(noco.control.counts()).toMatchObject({ signIns: 2, renewals: 2, rejectedRenewals: 0 })
    expect(machine.counts).toMatchObject({ issued: 2, refused: 25 })
    expect(bank.control.counts).toMatchObject({ created: 1, status: 1, refused: 25 })
  })

  test('outlive the process: the next process needs no sign-in', async () => {
    const store = memoryStore()
    await everybodyAsks(openSessions(store), 1)
    expect(await everybodyAsks(openSessions(store), 2)).toEqual([])
    expect(noco.control.counts()).toMatchObject({ signIns: 2, renewals: 0 })
    expect([machine.counts.issued, bank.control.counts.created]).toEqual([1, 1])
  })

  test('use one fetch, each with its own server', async () => {
    const { grace: user, machine: client, bank: token } = openSessions(memoryStore())
    const send = [user, client, token].reduce(
      (inner, manager) => wrapFetch(manager, { fetch: inner }),
      globalThis.fetch,
    )
    const mine = (['grace', 'machine', 'bank'] as const).map((name) => answers[name])
    const texts = await Promise.all(
      mine.map(async ({ url, path }) => (await send(url() + path)).text()),
    )
    expect(texts.map((text, at) => text.includes(mine[at]!.word))).toEqual([true, true, true])
  })
})

describe('the end of one session', () => {
  const others = (name: Name) => names.filter((one) => one !== name)

  test.each<[Name, (sessions: Sessions) => Promise<unknown>]>([
    ['ada', (sessions) => sessions.ada.signOut()],
    ['machine', (sessions) => sessions.machine.signOut()],
    ['bank', (sessions) => sessions.bank.signOut()],
    ['bank', (sessions) => sessions.tokens.removeAllLocalTokens()],
  ])('of %s leaves the others alone, also while they work', async (name, end) => {
    const store = memoryStore()
    const sessions = openSessions(store)
    await everybodyAsks(sessions, 1)
    const announced: string[] = []
    for (const one of names) sessions[one].on('signedOut', () => announced.push(one))
    const before = (await store.names?.()) ?? []
    const [, failed] = await Promise.all([end(sessions), everybodyAsks(sessions, 3, others(name))])
    expect(failed).toEqual([])
    const left = (await store.names?.()) ?? []
    const entry = name === 'bank' ? /^powerauth\// : new RegExp(`^${name}$`)
    expect(left).toEqual(before.filter((one) => !entry.test(one)))
    expect(announced).toEqual([name])
    expect(noco.control.counts()).toMatchObject({ signIns: 2, renewals: 0 })
  })

  test("a user's sign-out during the renewals of all users ends that user's session only", async () => {
    const sessions = openSessions(memoryStore())
    await everybodyAsks(sessions, 1)
    noco.control.revokeAccessTokens(ada.email)
    noco.control.revokeAccessTokens(grace.email)
    machine.revoke()
    const hold = noco.control.hold('renewal')
    const all = everybodyAsks(sessions, 2, ['grace', 'machine', 'bank'])
    const send = authorizedFetch(sessions.ada, globalThis.fetch)
    const bases = `${nocoServer.url}/api/v2/meta/bases`
    const mine = send(bases)
    await hold.whenWaiting(2)
    const out = sessions.ada.signOut()
    hold.release()
    await out
    expect(await all).toEqual([])
    expect((await mine).status).toBe(401)
    await expect(send(bases)).rejects.toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED' })
    expect(noco.control.counts()).toMatchObject({ signIns: 2 })
  })
})
