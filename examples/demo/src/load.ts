import { setTimeout as sleep } from 'node:timers/promises'
import type { Authorizer } from '@latchkey/core/adapter'
import { isLatchkeyError } from '@latchkey/core'
import type { Call, Send } from './clients.ts'
import type { ClientRecord, RunRecord, Span } from './record.ts'

/** A server that hangs counts as a failure, so that the demo ends. */
const TIMEOUT_MS = 10_000

/** A client of the run: how it sends requests, and where they are recorded. */
interface Participant {
  send: Send
  client: ClientRecord
}

export interface Load {
  record: RunRecord
  participants: readonly Participant[]
  /** How often each client sends. */
  tickMs: number
  /** Returns the requests that each client sends at once at this tick. */
  calls(tick: number): readonly Call[]
  /** Just before anything is sent at a tick. */
  beforeTick?: (tick: number) => void
  explain: Authorizer['explain']
  /** Ends the run early: nothing more is sent. */
  signal: AbortSignal
}

/** How long requests in progress may take after an early end. Later ones count neither as sent nor as failed. */
const GRACE_MS = 1000

/**
 * Sends requests through all clients at a steady pace until the planned time is over, and waits for
 * the last answer. All clients send at the same moment, so that all meet the same token.
 */
export async function runLoad(load: Load): Promise<void> {
  const { record, participants, tickMs, signal } = load
  const ticks = Math.ceil(record.plannedMs / tickMs)
  const startedAt = record.now()
  const pending = new Set<Promise<void>>()
  const drop = new AbortController()
  let impatience: NodeJS.Timeout | undefined
  const hurry = () => (impatience = setTimeout(() => drop.abort(), GRACE_MS))
  signal.addEventListener('abort', hurry, { once: true })
  for (let tick = 0; tick < ticks; tick += 1) {
    await untilInstant(record, startedAt + tick * tickMs, signal)
    if (signal.aborted) break
    load.beforeTick?.(tick)
    for (const participant of participants) {
      for (const call of load.calls(tick)) {
        const request = sendOne(load, participant, call, drop.signal)
        pending.add(request)
        void request.finally(() => pending.delete(request))
      }
    }
  }
  await untilInstant(record, startedAt + record.plannedMs, signal)
  await Promise.all(pending)
  clearTimeout(impatience)
}

async function untilInstant(record: RunRecord, at: number, signal: AbortSignal): Promise<void> {
  const leftMs = at - record.now()
  if (leftMs > 0) await sleep(leftMs, undefined, { signal }).catch(() => undefined) // aborted: at once
}

async function sendOne(
  load: Load,
  { send, client }: Participant,
  call: Call,
  signal: AbortSignal,
): Promise<void> {
  const { record } = load
  const span: Span = { from: record.now(), to: undefined }
  client.requests += 1
  client.inFlight += 1
  client.sent.push(span)
  try {
    await send(call, AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]))
  } catch (error) {
    if (signal.aborted) client.requests -= 1
    else fail(load, client, error)
  } finally {
    client.inFlight -= 1
    span.to = record.now()
  }
}

function fail({ record, explain }: Load, client: ClientRecord, error: unknown): void {
  const at = record.now()
  client.failed += 1
  client.failedAt.push(at)
  record.failures.push({ at, client: client.name, reason: reasonOf(error, explain) })
}

/** Latchkey's reason if there is one, else the client's own message. */
export function reasonOf(error: unknown, explain: Authorizer['explain']): string {
  const known = isLatchkeyError(error) ? error : explain(error)
  if (known) return `${known.code}: ${known.message}`
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  const deeper = cause instanceof Error ? ` (${cause.message})` : ''
  return `${error.message}${deeper}`
}
