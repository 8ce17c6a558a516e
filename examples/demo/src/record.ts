/** What happened in one run. Every instant is in milliseconds since its start. */
export interface RunRecord {
  /** The planned length of the run. The real length may differ: see `endedAt`. */
  readonly plannedMs: number
  endedAt: number | undefined
  readonly clients: ClientRecord[]
  readonly tokens: TokenRecord[]
  readonly renewals: Renewal[]
  readonly notes: Note[]
  readonly failures: Failure[]
  readonly revokedAt: number[]
  /** Returns the current instant. */
  now(): number
}

export interface ClientRecord {
  readonly name: string
  requests: number
  inFlight: number
  /** How many requests wait for a token now, and how many have waited. */
  waiting: number
  waited: number
  replayed: number
  failed: number
  longestWaitMs: number
  readonly sent: Span[]
  readonly waits: Span[]
  readonly replays: number[]
  readonly failedAt: number[]
}

/** From one instant to another, or to now. */
export interface Span {
  readonly from: number
  to: number | undefined
}

export interface TokenRecord {
  readonly number: number
  readonly from: number
  /** When it expires on its own; `undefined` when that is unknown. */
  readonly expiresAt: number | undefined
  /** When the next token replaced it, or it was revoked. */
  usedUntil: number | undefined
  revoked: boolean
}

/** A sign-in or a renewal on the wire. */
export interface Renewal extends Span {
  readonly kind: 'sign-in' | 'renewal'
  outcome: 'under way' | 'renewed' | 'failed'
}

/** One line of the log. */
export interface Note {
  readonly at: number
  readonly kind: 'token' | 'trouble'
  readonly text: string
}

interface Failure {
  readonly at: number
  readonly client: string
  readonly reason: string
}

export function createRecord(plannedMs: number): RunRecord {
  const startedAt = performance.now()
  return {
    plannedMs,
    endedAt: undefined,
    clients: [],
    tokens: [],
    renewals: [],
    notes: [],
    failures: [],
    revokedAt: [],
    now: () => performance.now() - startedAt,
  }
}

export function addClient(record: RunRecord, name: string): ClientRecord {
  const counters = { requests: 0, inFlight: 0, waiting: 0, waited: 0, replayed: 0, failed: 0 }
  const marks = { sent: [], waits: [], replays: [], failedAt: [] }
  const client = { name, ...counters, longestWaitMs: 0, ...marks }
  record.clients.push(client)
  return client
}

/** The clients' numbers added up. */
export function totals(clients: readonly ClientRecord[]) {
  const sum = (of: (client: ClientRecord) => number) =>
    clients.reduce((total, client) => total + of(client), 0)
  return {
    name: 'all',
    requests: sum((client) => client.requests),
    inFlight: sum((client) => client.inFlight),
    waiting: sum((client) => client.waiting),
    waited: sum((client) => client.waited),
    replayed: sum((client) => client.replayed),
    failed: sum((client) => client.failed),
    longestWaitMs: Math.max(0, ...clients.map((client) => client.longestWaitMs)),
  }
}

export function isRenewing({ renewals }: RunRecord): boolean {
  return renewals.some(({ outcome }) => outcome === 'under way')
}

/** How often the session got a token by each way. */
export function renewalCounts({ renewals }: RunRecord) {
  const done = renewals.filter(({ outcome }) => outcome === 'renewed')
  return {
    signIns: done.filter(({ kind }) => kind === 'sign-in').length,
    renewals: done.filter(({ kind }) => kind === 'renewal').length,
  }
}
