import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TokenStore } from '@latchkey/core'
import { fileStore } from '@latchkey/stores/file'
import {
  counted,
  open,
  openSignedIn,
  type Opened,
  type ServerUnderTest,
} from './server-under-test.ts'

/** A promise of Latchkey's, kept with a real server. `run` rejects when it is broken. */
export interface ServerFact {
  readonly name: string
  /** Whether the server has what it is about. Default: yes. */
  readonly applies?: (server: ServerUnderTest) => boolean
  readonly run: (server: ServerUnderTest) => Promise<void>
}

const refreshes = ({ renewsBy }: ServerUnderTest) => renewsBy === 'refresh'

/** From now on the access token has expired, and only the server knows it. */
async function outdate({ session }: Opened, server: ServerUnderTest): Promise<void> {
  const tokens = await server.outdated(await session.getTokens())
  await session.setTokens({ ...tokens, expiresAt: Date.now() + 600_000 })
}

/** The access token has expired, whoever knows it. */
const expire = (opened: Opened, server: ServerUnderTest) =>
  server.lifeS === undefined ? outdate(opened, server) : opened.passLife()

/** One renewal, by what the server has, and nothing that was refused on the way. */
function oneRenewal({ renewsBy }: ServerUnderTest, counts: Awaited<ReturnType<typeof counted>>) {
  const { signIn, renewal } = counts
  deepEqual(
    { signIn, renewal },
    renewsBy === 'refresh' ? { signIn: 0, renewal: 1 } : { signIn: 1, renewal: 0 },
  )
}

async function withFileStore(run: (store: TokenStore) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'latchkey-servers-'))
  try {
    await run(fileStore({ directory }))
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** The server is away while the token expires; then it is back. */
async function survives(
  server: ServerUnderTest,
  away: () => void | Promise<void>,
  back: () => void | Promise<void>,
): Promise<void> {
  const opened = await openSignedIn(server)
  await expire(opened, server)
  try {
    await away()
    const outcomes = await opened.read(5)
    ok(!outcomes.some((outcome) => outcome === 200 || outcome === 401), outcomes.join())
  } finally {
    await back()
  }
  opened.pass(3_000) // for 2 s after a failure nobody asks again
  const counts = await counted(server, async () => deepEqual(await opened.read(5), [200]))
  equal(counts.signIn, refreshes(server) ? 0 : 1)
  deepEqual(opened.signedOut, [])
}

/** What holds with every server, whichever client asks. */
export const serverFacts: readonly ServerFact[] = [
  {
    name: 'one sign-in lets axios, ky and fetch read',
    async run(server) {
      const opened = open(server, { credentials: server.user })
      const counts = await counted(server, async () => deepEqual(await opened.read(30), [200]))
      equal(counts.signIn, 1)
      equal(counts.read - counts.refused, 30)
    },
  },
  {
    name: 'the life of an access token is read from the answer',
    applies: ({ lifeS }) => lifeS !== undefined,
    async run(server) {
      const { session } = await openSignedIn(server)
      const { expiresAt = 0 } = await session.getTokens()
      const lifeS = (expiresAt - Date.now()) / 1000
      ok(Math.abs(lifeS - (server.lifeS ?? 0)) < 60, `it lives ${lifeS} s`)
    },
  },
  {
    name: '30 requests over an expiry that is known: one renewal, no failure, no 401',
    applies: ({ lifeS }) => lifeS !== undefined,
    async run(server) {
      const opened = await openSignedIn(server)
      opened.passLife()
      const counts = await counted(server, async () => {
        deepEqual(await opened.read(30), [200])
        await opened.renewedBehind()
      })
      oneRenewal(server, counts)
      equal(counts.refused, 0)
    },
  },
  {
    name: '30 requests over an expiry that only the answer tells: one renewal, no failure',
    async run(server) {
      const opened = await openSignedIn(server)
      await outdate(opened, server)
      const counts = await counted(server, async () => deepEqual(await opened.read(30), [200]))
      oneRenewal(server, counts)
      ok(counts.refused > 0, 'the server did refuse')
    },
  },
  {
    name: 'refresh tokens are followed from one to the next',
    applies: refreshes,
    async run(server) {
      const opened = await openSignedIn(server)
      const seen = new Set([(await opened.session.getTokens()).refreshToken])
      const counts = await counted(server, async () => {
        for (let round = 0; round < 3; round += 1) {
          seen.add((await opened.session.refresh()).refreshToken)
          deepEqual(await opened.read(5), [200])
        }
      })
      equal(counts.renewal, 3)
      equal(counts.signIn, 0)
      equal(seen.size, server.rotates ? 4 : 1)
    },
  },
  {
    name: 'a session that cannot go on ends once, for 30 requests',
    async run(server) {
      const opened = open(server)
      await opened.session.signIn(server.user)
      await opened.read(1)
      await server.endElsewhere(await opened.session.getTokens())
      await outdate(opened, server)
      const counts = await counted(server, async () => {
        const outcomes = await opened.read(30)
        ok(!outcomes.includes(200), outcomes.join())
      })
      deepEqual(
        opened.signedOut.map(({ reason }) => reason),
        ['rejected'],
      )
      equal(counts.renewal, refreshes(server) ? 1 : 0)
      equal(counts.signIn, 0)
      equal(await opened.session.isSignedIn(), false)
    },
  },
  {
    name: 'a server that is down ends no session',
    run: (server) =>
      survives(
        server,
        () => server.gate.shut(),
        () => server.gate.open(),
      ),
  },
  {
    name: 'a 503 ends no session',
    run: (server) =>
      survives(
        server,
        () => server.gate.answer(503),
        () => server.gate.answer(undefined),
      ),
  },
  {
    name: 'a session that was ended elsewhere is noticed, with the next request or the next renewal',
    async run(server) {
      const opened = open(server)
      await opened.session.signIn(server.user)
      deepEqual(await opened.read(5), [200])
      await server.endElsewhere(await opened.session.getTokens())
      if (!server.refusesAtOnce) {
        deepEqual(await opened.read(5), [200])
        opened.passLife()
      }
      ok(!(await opened.read(5)).includes(200), 'the server refuses')
      deepEqual(
        opened.signedOut.map(({ reason }) => reason),
        ['rejected'],
      )
    },
  },
  {
    name: 'a sign-out ends the session on the server',
    async run(server) {
      const opened = await openSignedIn(server)
      const tokens = await opened.session.getTokens()
      equal(await server.isAlive(tokens), true)
      const counts = await counted(server, () => opened.session.signOut())
      equal(counts.signOut, server.signOuts ?? 1)
      equal(await server.isAlive(tokens), false)
      deepEqual(
        opened.signedOut.map(({ reason }) => reason),
        ['signOut'],
      )
    },
  },
  {
    name: 'a sign-out is told to the server also when the access token has expired',
    applies: ({ endsWithToken = false }) => !endsWithToken,
    async run(server) {
      const opened = await openSignedIn(server)
      const tokens = await opened.session.getTokens()
      await outdate(opened, server)
      await opened.session.signOut()
      const last = server.gate.passed.at(-1)
      equal(last && server.kindOf(last), 'signOut')
      ok(last && last.status < 300, `it was answered ${last?.status}`)
      equal(await server.isAlive(tokens), false)
    },
  },
  {
    name: 'a second manager on one file store goes on without signing in, also after a renewal',
    run: (server) =>
      withFileStore(async (store) => {
        const first = open(server, { store })
        await first.session.signIn(server.user)
        const second = open(server, { store })
        const counts = await counted(server, async () => {
          deepEqual(await first.read(5), [200])
          deepEqual(await second.read(5), [200])
          if (refreshes(server)) await second.session.refresh()
          deepEqual(await second.read(5), [200])
          deepEqual(await first.read(5), [200])
          if (refreshes(server)) await first.session.refresh()
          deepEqual(await first.read(5), [200])
        })
        equal(counts.signIn, 0)
        first.session.dispose()
        second.session.dispose()
      }),
  },
  {
    name: 'two managers on one file store renew once between them',
    applies: refreshes,
    run: (server) =>
      withFileStore(async (store) => {
        const gone = await openSignedIn(server, { store, name: 'ada' })
        gone.session.dispose()
        const tokens = await store.getToken('ada')
        await store.setToken(
          { ...tokens, accessToken: 'CANARY-7f3a', expiresAt: Date.now() - 1 },
          'ada',
        )
        const [first, second] = [
          open(server, { store, name: 'ada' }),
          open(server, { store, name: 'ada' }),
        ]
        const counts = await counted(server, async () => {
          const outcomes = await Promise.all([first.read(15), second.read(15)])
          deepEqual(outcomes, [[200], [200]])
        })
        oneRenewal(server, counts)
        first.session.dispose()
        second.session.dispose()
      }),
  },
  {
    name: 'a wrong password says so, in the words of the server, and is tried once',
    async run(server) {
      const { session } = open(server)
      const counts = await counted(server, () =>
        rejects(session.signIn(server.wrong), (error: { code: string; message: string }) => {
          equal(error.code, 'ERR_WRONG_CREDENTIALS')
          match(error.message, new RegExp(server.wrongWords))
          return true
        }),
      )
      equal(counts.signIn, 1)
      equal(await session.isSignedIn(), false)
    },
  },
]
