import type { TokenManager } from '@latchkey/core'
import { duration, plural } from './format.ts'
import { type Renewal, type RunRecord, totals } from './record.ts'

/** Records a session's sign-ins and renewals: when their request starts, and how they end. */
export function watchSession(record: RunRecord) {
  /** Sends the manager's own requests, so that a renewal is recorded from its start. */
  const watchedFetch: typeof fetch = (input, init) => {
    const kind = kindOf(input)
    if (kind && current(record)?.kind !== kind) {
      record.renewals.push({ kind, from: record.now(), to: undefined, outcome: 'under way' })
    }
    return fetch(input, init)
  }

  function attach(manager: TokenManager): void {
    manager.on('renewed', ({ grant, durationMs }) => {
      const renewal = end(record, 'renewed')
      void noteToken(record, manager, { grant, durationMs, renewal })
    })
    manager.on('renewalFailed', ({ outcome, error }) => {
      end(record, 'failed')
      note(record, 'trouble', `renewal ${outcome}: ${error.code}: ${error.message}`)
    })
    manager.on('signedOut', ({ reason }) => note(record, 'trouble', `signed out (${reason})`))
  }

  return { fetch: watchedFetch, attach }
}

export function note(record: RunRecord, kind: 'token' | 'trouble', text: string): void {
  record.notes.push({ at: record.now(), kind, text })
}

function kindOf(input: Parameters<typeof fetch>[0]): Renewal['kind'] | undefined {
  const { pathname } = new URL(input instanceof Request ? input.url : input)
  if (pathname.endsWith('/auth/token/refresh')) return 'renewal'
  return pathname.endsWith('/auth/user/signin') ? 'sign-in' : undefined
}

function current(record: RunRecord): Renewal | undefined {
  return record.renewals.findLast(({ outcome }) => outcome === 'under way')
}

/** After a rejected refresh, one renewal also signs in: its last request decides what it was. */
function end(record: RunRecord, outcome: 'renewed' | 'failed'): Renewal | undefined {
  const last = current(record)
  for (const renewal of record.renewals.filter((one) => one.outcome === 'under way')) {
    renewal.to = record.now()
    renewal.outcome = renewal === last ? outcome : 'failed'
  }
  return last
}

interface Obtained {
  grant: string
  durationMs: number
  renewal: Renewal | undefined
}

async function noteToken(record: RunRecord, manager: TokenManager, got: Obtained): Promise<void> {
  const from = record.now()
  const number = record.tokens.length + 1
  const { waiting } = totals(record.clients)
  const previous = record.tokens.at(-1)
  if (previous) previous.usedUntil ??= from
  const { expiresAt } = await manager.getTokens()
  const leftMs = expiresAt === undefined ? undefined : expiresAt - Date.now()
  record.tokens.push({
    number,
    from,
    expiresAt: leftMs === undefined ? undefined : from + leftMs,
    usedUntil: undefined,
    revoked: false,
  })
  const { renewal, grant, durationMs } = got
  const how = renewal ? `${renewal.kind} took ${Math.round(durationMs)} ms` : `from the ${grant}`
  const who = waiting === 0 ? 'no request waited' : `${plural(waiting, 'request')} waited`
  const life = leftMs === undefined ? '' : `good for ${duration(leftMs)}`
  const text = `token ${number}  ${how.padEnd(20)}  ${who.padEnd(19)}  ${life}`
  note(record, 'token', text.trimEnd())
}
