import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { nocodb } from '@latchkey/nocodb'
import { fileStore } from '@latchkey/stores/file'
import { createNocoDBDouble } from '@latchkey/testing'
import { listen } from '@latchkey/testing/node'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { SharerReport } from '../src/files/sharer.ts'

const script = fileURLToPath(new URL('../src/files/sharer.ts', import.meta.url))
const SHARERS = 20
const KILLED = 4
const LIFETIME_MS = 1_000

/** A server whose tokens live for a second, and what refresh tokens were presented to it. */
async function startServer() {
  const double = createNocoDBDouble({ accessTokenLifetimeMs: LIFETIME_MS })
  const presented: string[] = []
  const watched: typeof double = {
    ...double,
    fetch(input, init) {
      const request = new Request(input, init)
      const cookie = request.headers.get('cookie') ?? ''
      if (request.url.endsWith('/token/refresh')) presented.push(cookie)
      return double.fetch(request)
    },
  }
  const { url, close } = await listen(watched)
  onTestFinished(close)
  return { url, presented, control: double.control }
}

async function signIn(baseUrl: string, control: { addUser(user: object): unknown }) {
  const user = { email: 'ada@example.com', password: 'CANARY-7f3a-password' }
  control.addUser(user)
  const root = await realpath(await mkdtemp(join(tmpdir(), 'latchkey-processes-')))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  const directory = join(root, 'sessions')
  const store = fileStore({ directory })
  await nocodb({ baseUrl, ...user, store }).signIn()
  return { directory, store }
}

describe('twenty processes that share one session, some of them killed while they renew', () => {
  it('renew it once for all of them, and no process is signed out', {
    timeout: 90_000,
  }, async () => {
    const { url, presented, control } = await startServer()
    const { directory, store } = await signIn(url, control)
    let renewing: ChildProcess | undefined
    const sharers = Array.from({ length: SHARERS }, () => {
      const sharer = fork(script, [url, directory], { execArgv: [] })
      onTestFinished(() => void sharer.kill('SIGKILL'))
      sharer.on('message', (message) => {
        if (message === 'renewing') renewing = sharer
      })
      return sharer
    })

    /** The next renewal gets no answer, and the process that asked for it is killed. */
    async function killTheRenewing(): Promise<void> {
      control.failNext('renewal', 1, 'network')
      const hold = control.hold('renewal')
      await hold.whenWaiting()
      // Everybody's token runs out meanwhile, and nobody else gets as far as asking for another.
      await new Promise((resolve) => setTimeout(resolve, 2 * LIFETIME_MS))
      expect(hold.waiting).toBe(1)
      const victim = renewing
      victim?.kill('SIGKILL')
      if (victim) await once(victim, 'exit')
      hold.release()
    }

    /** Some of the others' renewals. */
    async function renewals(count: number): Promise<void> {
      const until = control.counts().renewals + count
      await expect
        .poll(() => control.counts().renewals, { timeout: 30_000 })
        .toBeGreaterThanOrEqual(until)
    }

    await Promise.all(sharers.map(reading))
    await renewals(3)
    for (let round = 0; round < KILLED; round += 1) {
      await killTheRenewing()
      await renewals(2)
    }
    const left = sharers.filter(({ signalCode }) => signalCode === null)
    expect(left).toHaveLength(SHARERS - KILLED)
    const reports = await Promise.all(left.map(finish))

    // A killed process spent nothing: its refresh token was presented again by who came after it.
    expect(presented).toHaveLength(new Set(presented).size + KILLED)
    const { signIns, renewals: renewed, rejectedRenewals } = control.counts()
    expect({ signIns, rejectedRenewals }).toEqual({ signIns: 1, rejectedRenewals: 0 })
    expect(renewed).toBe(presented.length - KILLED)
    for (const { got, announced } of reports) {
      // On a busy machine a token of one second may run out on its way, and its successor as well: the
      // 401 is then the caller's.
      expect(Object.keys(got).filter((one) => one !== '401')).toEqual(['200'])
      expect(announced).toEqual([])
    }
    expect(await store.names()).toEqual([url])
    expect(await readdir(directory)).toHaveLength(2)
  })
})

/** Resolves when it got its first answer. */
function reading(sharer: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    sharer.once('exit', (code) => reject(new Error(`it ended with ${code}`)))
    sharer.on('message', (message) => {
      if (message === 200) resolve()
    })
  })
}

async function finish(sharer: ChildProcess): Promise<SharerReport> {
  const report = new Promise<SharerReport>((resolve) => {
    sharer.on('message', (message) => {
      if (typeof message === 'object') resolve(message as SharerReport)
    })
  })
  sharer.send('stop')
  await once(sharer, 'close')
  return report
}
