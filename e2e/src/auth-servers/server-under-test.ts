import type { LatchkeyError, ManagerEvents, TokenSet } from '@latchkey/core'
import {
  type Credentials,
  type JwtSession,
  type JwtSessionOptions,
  jwtSession,
} from '@latchkey/jwt'
import type { Call, Send } from '@latchkey/testing/adapter-contract'
import { subjects } from '../../test/support/subjects.ts'
import type { Gate, Passed } from './gate.ts'

/** What a request asks for. */
export type Kind = 'signIn' | 'renewal' | 'signOut' | 'read'

/** A real server, one way of signing in to it, and what its users tell `jwtSession()` about that. */
export interface ServerUnderTest {
  readonly gate: Gate
  readonly options: JwtSessionOptions
  /** Who may sign in. */
  readonly user: Credentials
  /** The same with a wrong password. */
  readonly wrong: Credentials
  /** What the server says to that. */
  readonly wrongWords: string
  /** A request that takes a session. */
  readonly read: { path: string } & Call
  readonly kindOf: (passed: Passed) => Kind
  /** By what a session goes on: a refresh, or signing in again since the server knows none. */
  readonly renewsBy: 'refresh' | 'signIn'
  /** Whether each refresh gives another refresh token. */
  readonly rotates: boolean
  /** How long an access token lives, as far as the server says so. */
  readonly lifeS: number | undefined
  /** Whether the session itself ends with the access token, so that it has to be renewed before that. */
  readonly endsWithToken?: boolean
  /** How many requests a sign-out takes: one for each token, where both go as bearer tokens. Default: 1. */
  readonly signOuts?: number
  /** Whether a session that was ended elsewhere is refused at once, or when its access token expires. */
  readonly refusesAtOnce: boolean
  /** The same tokens with an access token that has expired, as the server sees it. */
  outdated(tokens: TokenSet): Promise<TokenSet>
  /** Ends the session as somebody else does: another device, or an administrator. */
  endElsewhere(tokens: TokenSet): Promise<void>
  /** Whether the server would still go on with the session. */
  isAlive(tokens: TokenSet): Promise<boolean>
}

/** A session with all clients on it, and what became of it. */
export interface Opened {
  readonly session: JwtSession
  readonly signedOut: ManagerEvents['signedOut'][]
  /** Lets the client's clock run to where the access token has to be renewed; the server's stays. */
  passLife(): void
  /** Lets the client's clock run on. */
  pass(ms: number): void
  /** Resolves with the renewal that goes on behind the back of requests, where there is one. */
  renewedBehind(): Promise<void>
  /** `count` reads at once, shared out among axios, ky and fetch: statuses, or the codes of failures. */
  read(count: number): Promise<(number | string)[]>
}

/** Opens a session that is not signed in yet. */
export function open(server: ServerUnderTest, options: Partial<JwtSessionOptions> = {}): Opened {
  let ahead = 0
  const clock = { now: () => Date.now() + ahead }
  const session = jwtSession({ ...server.options, clock, ...options })
  const signedOut: ManagerEvents['signedOut'][] = []
  session.on('signedOut', (event) => signedOut.push(event))
  let renewed = Promise.resolve()
  const baseUrl = server.gate.url
  const senders = subjects.map(({ subject }) => subject.connect({ manager: session, baseUrl }))
  return {
    session,
    signedOut,
    pass: (ms) => void (ahead += ms),
    passLife() {
      const { lifeS = 0, endsWithToken } = server
      ahead += lifeS * 1000 + (endsWithToken ? -30_000 : 1_000)
      if (endsWithToken) renewed = new Promise((resolve) => session.on('renewed', () => resolve()))
    },
    renewedBehind: () => renewed,
    async read(count) {
      const sent = Array.from({ length: count }, (_, at) =>
        readBy(senders[at % senders.length] as Send, server, session),
      )
      return [...new Set(await Promise.all(sent))].toSorted()
    },
  }
}

async function readBy(send: Send, { read }: ServerUnderTest, session: JwtSession) {
  const { path, ...call } = read
  const { status, result } = await send(path, call)
  const error = result instanceof Error || status !== 200 ? session.explain(result) : undefined
  return error?.code ?? (result as LatchkeyError).code ?? status ?? String(result)
}

/** Opens a session and signs in; with its password at hand where that is how it is renewed. */
export async function openSignedIn(
  server: ServerUnderTest,
  options: Partial<JwtSessionOptions> = {},
): Promise<Opened> {
  const renewing = server.renewsBy === 'signIn' ? { credentials: server.user } : {}
  const opened = open(server, { ...renewing, ...options })
  await opened.session.signIn(server.user)
  await opened.read(1)
  return opened
}

/** How many requests of each kind pass while `run` runs, and how many of the reads are refused. */
export async function counted(
  { gate, kindOf }: ServerUnderTest,
  run: () => Promise<unknown>,
): Promise<Record<Kind | 'refused', number>> {
  const start = gate.passed.length
  await run()
  const counts = { signIn: 0, renewal: 0, signOut: 0, read: 0, refused: 0 }
  for (const passed of gate.passed.slice(start)) {
    const kind = kindOf(passed)
    counts[kind] += 1
    if (kind === 'read' && passed.status >= 400) counts.refused += 1
  }
  return counts
}

/** One session from its sign-in to its sign-out, with a renewal between, on every client. */
export async function lifeOf(session: JwtSession, server: ServerUnderTest) {
  const senders = subjects.map(({ subject }) =>
    subject.connect({ manager: session, baseUrl: server.gate.url }),
  )
  const read = () => Promise.all(senders.map((send) => readBy(send, server, session)))
  await session.signIn(server.user)
  const before = await read()
  if (server.renewsBy === 'refresh') await session.refresh()
  const after = await read()
  const tokens = await session.getTokens()
  await session.signOut()
  const isOver = !(await session.isSignedIn()) && !(await server.isAlive(tokens))
  return { statuses: [...new Set([...before, ...after])], isOver }
}
