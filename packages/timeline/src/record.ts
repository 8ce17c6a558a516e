import { type Clock, isLatchkeyError, type TokenManager } from '@latchkey/core'
import { type Authorization, pageBase, expectManager } from '@latchkey/core/adapter'
import type { TimelineEntry } from './entries.ts'
import { type Observer, quietly, tap } from './tap.ts'

/** The parts of a manager that are used here. A service such as nocodb() has them too. */
export type RecordedManager = Pick<TokenManager, 'authorize' | 'recover' | 'explain' | 'on'>

/** What is recorded, and the clock for it. */
export interface RecordOptions {
  /** The source of the time, for tests. Default: `Date`. */
  clock?: Clock
  /**
   * Returns the text to record for a request's URL. Default: origin and path, never the query or a user name. If a
   * path contains a secret, such as a link that resets a password, remove it here.
   */
  showUrl?: (url: URL) => string
}

/** An entry before it receives its number and its instant. */
type Draft<Entry> = Entry extends TimelineEntry ? Omit<Entry, 'id' | 'at'> : never

/** The properties that all entries of a request share. */
type Sending = { request: number; method: string; url: string; attempt: number }

/** A request that waits. `entry` is the number of entries when the wait began. */
interface Wait {
  sending: Sending
  startedAt: number
  entry: number
}

/** The state of one recording. */
interface Recorder {
  manager: RecordedManager
  showUrl: (url: URL) => string
  now(): number
  add(draft: Draft<TimelineEntry>): void
  entries: number
  requests: number
  renewals: number
  waits: Set<Wait>
  sent: WeakMap<Authorization, { sending: Sending; sentAt: number }>
  /** The last renewal that ended, and the entry about it. */
  last: { renewal: number; entry: number; generation: number | undefined } | undefined
  /** When the grants were first asked, while a renewal is in progress. */
  renewingAt: number | undefined
  /** The newest token set seen. `undefined`: none yet, so there may have been an earlier one. */
  generation: number | undefined
}

/**
 * Reports to `listener` what a manager does from now on: its requests, waits, renewals, replays and sign-outs.
 * Requests to other origins, and requests with the caller's own credential, are left out.
 *
 * @returns A function that stops this.
 */
export function record(
  manager: RecordedManager,
  { clock = Date, showUrl = originAndPath }: RecordOptions,
  listener: (entry: TimelineEntry) => void,
): () => void {
  expectManager(manager)
  let isStopped = false
  const recorder: Recorder = {
    manager,
    showUrl,
    now: () => clock.now(),
    add(draft) {
      if (isStopped) return
      recorder.entries += 1
      const entry = Object.freeze({ id: recorder.entries, at: clock.now(), ...draft })
      quietly(() => listener(entry))
    },
    entries: 0,
    requests: 0,
    renewals: 0,
    waits: new Set(),
    sent: new WeakMap(),
    last: undefined,
    renewingAt: undefined,
    generation: undefined,
  }
  const leaving = [tap(manager, observe(recorder)), ...listen(recorder)]
  return () => {
    isStopped = true
    for (const leave of leaving) leave()
  }
}

const originAndPath = ({ origin, pathname }: URL) => origin + pathname

function observe(recorder: Recorder): Observer {
  return {
    authorizing({ url, method, signal }, result) {
      if (!(result instanceof Promise) && result.generation === 0) return
      const shown = recorder.showUrl(new URL(url, pageBase()))
      recorder.requests += 1
      const sending = { request: recorder.requests, method, url: shown, attempt: 1 }
      if (!(result instanceof Promise)) return noteSent(recorder, sending, result)
      const wait = startWait(recorder, sending)
      recorder.add({ kind: 'waiting', ...sending })
      result.then(
        (authorization) => noteSent(recorder, sending, authorization, endWait(recorder, wait)),
        (error) => noteGaveUp(recorder, endWait(recorder, wait), codeOf(error, signal)),
      )
    },
    recovering(authorization, response, options, result) {
      const before = recorder.sent.get(authorization)
      if (!before) return
      const { sending, sentAt } = before
      const { status } = response
      recorder.add({ kind: 'answered', ...sending, status, durationMs: recorder.now() - sentAt })
      if (!(result instanceof Promise)) return
      const next = { ...sending, attempt: sending.attempt + 1 }
      const wait = startWait(recorder, next)
      const isWaiting = status === 401 && authorization.renewable
      if (isWaiting) recorder.add({ kind: 'waiting', ...next })
      result.then(
        (again) => {
          const ended = endWait(recorder, wait)
          if (again) return noteSent(recorder, next, again, ended)
          const reason = recorder.manager.explain(response)
          if (reason || isWaiting) noteGaveUp(recorder, ended, reason?.code)
        },
        (error) => noteGaveUp(recorder, endWait(recorder, wait), codeOf(error, options?.signal)),
      )
    },
  }
}

function startWait({ waits, entries, now }: Recorder, sending: Sending): Wait {
  const wait = { sending, startedAt: now(), entry: entries }
  waits.add(wait)
  return wait
}

/** The result of a wait: its duration, and the renewal that ended in the meantime. */
interface Waited {
  sending: Sending
  waitedMs: number
  last: Recorder['last']
}

function endWait(recorder: Recorder, wait: Wait): Waited {
  const { waits, last, now } = recorder
  waits.delete(wait)
  const { sending, startedAt, entry } = wait
  const isMeanwhile = last !== undefined && last.entry > entry
  return { sending, waitedMs: now() - startedAt, last: isMeanwhile ? last : undefined }
}

function noteSent(
  recorder: Recorder,
  sending: Sending,
  authorization: Authorization,
  waited?: Waited,
): void {
  const { generation } = authorization
  const adopted = noteAdopted(recorder, generation, waited !== undefined)
  const last = adopted ?? waited?.last
  const served = last?.generation === generation && { renewal: last.renewal }
  const waitedMs = waited?.waitedMs ?? 0
  recorder.add({ kind: 'sent', ...sending, generation, waitedMs, ...served })
  recorder.sent.set(authorization, { sending, sentAt: recorder.now() })
}

function noteGaveUp(recorder: Recorder, waited: Waited, code: string | undefined): void {
  const { sending, waitedMs, last } = waited
  const failed = last && last.generation === undefined && { renewal: last.renewal }
  recorder.add({ kind: 'gaveUp', ...sending, waitedMs, ...failed, ...(code && { code }) })
}

/** Records a token set without a renewal event. The first one seen may be older than the recording. */
function noteAdopted(recorder: Recorder, generation: number, isAwaited: boolean): Recorder['last'] {
  const known = recorder.generation ?? (isAwaited ? 0 : generation)
  recorder.generation = Math.max(known, generation)
  if (generation <= known) return undefined
  const last = noteRenewal(recorder, generation)
  recorder.add({ kind: 'adopted', renewal: last.renewal, generation })
  return last
}

/** Numbers a renewal before its entry is added. */
function noteRenewal(recorder: Recorder, generation?: number): NonNullable<Recorder['last']> {
  recorder.renewals += 1
  const last = { renewal: recorder.renewals, entry: recorder.entries + 1, generation }
  recorder.last = last
  return last
}

function listen(recorder: Recorder): (() => void)[] {
  const { manager, add, waits, now } = recorder
  return [
    manager.on('renewing', () => (recorder.renewingAt = now())),
    manager.on('changed', ({ status }) => {
      if (status !== 'renewing') recorder.renewingAt = undefined
    }),
    manager.on('renewed', ({ generation, grant, durationMs }) => {
      recorder.generation = generation
      const { renewal } = noteRenewal(recorder, generation)
      add({ kind: 'renewed', renewal, generation, grant, durationMs })
    }),
    manager.on('renewalFailed', ({ outcome, error }) => {
      const { renewal } = noteRenewal(recorder)
      const waiting = Array.from(waits, ({ startedAt }) => startedAt)
      const from = Math.min(recorder.renewingAt ?? now(), ...waiting)
      const { code } = error
      add({ kind: 'renewalFailed', renewal, outcome, code, durationMs: now() - from })
    }),
    manager.on('signedOut', ({ reason }) => add({ kind: 'signedOut', reason })),
    manager.on('storeFailed', ({ operation, error }) => {
      const { code } = (error.cause ?? {}) as { code?: unknown }
      add({ kind: 'storeFailed', operation, code: isCode(code) ? String(code) : error.code })
    }),
  ]
}

/** Whether a store's code looks like a code (`ENOSPC`, `22`). Other text is not recorded. */
const isCode = (code: unknown) => /^([A-Z][A-Z0-9_]{1,59}|\d{1,5})$/.test(String(code))

/** Returns the code of an error. The caller's own reason to abort may be any value, so it is not read. */
function codeOf(error: unknown, signal: AbortSignal | null | undefined): string {
  if (signal?.aborted) return 'aborted'
  return isLatchkeyError(error) ? error.code : 'failed'
}
