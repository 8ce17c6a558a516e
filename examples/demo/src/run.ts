import { setTimeout as sleep } from 'node:timers/promises'
import { clients } from './clients.ts'
import { runLoad } from './load.ts'
import { observe } from './observe.ts'
import { addClient, createRecord, isRenewing, type RunRecord } from './record.ts'
import type { Screen } from './screen.ts'
import { note, watchSession } from './session.ts'
import type { Target } from './targets/target.ts'

export interface RunOptions {
  seconds: number
  screen: Screen
  /** Ends the run early; what has happened is still reported. */
  signal: AbortSignal
}

/** How long to wait for a renewal that began at the end of the run. */
const LAST_RENEWAL_MS = 5_000

/** One session, three clients, one record: runs the load against a target and reports. */
export async function runDemo(target: Target, options: RunOptions): Promise<RunRecord> {
  const { screen, signal } = options
  const record = createRecord(options.seconds * 1000)
  const session = watchSession(record)
  const manager = target.connect({ fetch: session.fetch })
  session.attach(manager)
  const participants = clients.map(({ name, connect }) => {
    const client = addClient(record, name)
    return { client, send: connect(observe(manager, client, record.now), target.url) }
  })
  await target.prepare?.(manager)
  const stopWatching = screen.watch(record)
  try {
    const { tickMs, calls } = target
    const beforeTick = () => revokeOnce(target, record)
    const { explain } = manager
    await runLoad({ record, participants, tickMs, calls, beforeTick, explain, signal })
    await lastRenewal(record)
    record.endedAt = record.now()
  } finally {
    stopWatching()
    manager.dispose()
  }
  screen.report(record, target.counts?.())
  return record
}

/** Old enough to have been in use for a while, young enough not to be due for renewal. */
const REVOKED_AGE_MS = 800

/**
 * About in the middle, but never during a renewal. Otherwise the renewal could return a token that was
 * issued before and is already revoked, and a request would get two 401s.
 */
function revokeOnce({ revokeTokens }: Target, record: RunRecord): void {
  if (!revokeTokens || record.revokedAt.length > 0) return
  const at = record.now()
  const token = record.tokens.at(-1)
  if (!token || at < record.plannedMs * 0.4 || isRenewing(record)) return
  if (at - token.from < REVOKED_AGE_MS) return
  revokeTokens()
  token.usedUntil = at
  token.revoked = true
  record.revokedAt.push(at)
  note(
    record,
    'trouble',
    `token ${token.number}  revoked by an administrator: the server refuses it`,
  )
}

/** Waits for a renewal that began at the end, so that the picture shows it and the server is not closed too early. */
async function lastRenewal(record: RunRecord): Promise<void> {
  const until = record.now() + LAST_RENEWAL_MS
  while (isRenewing(record) && record.now() < until) await sleep(20)
}
