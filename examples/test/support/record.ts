import {
  addClient,
  type ClientRecord,
  createRecord,
  type RunRecord,
  type TokenRecord,
} from '../../demo/src/record.ts'
import { createScreen } from '../../demo/src/screen.ts'

/** A record whose clock stands still at `now`. */
export function recordAt(now: number, plannedMs = 10_000): RunRecord {
  return { ...createRecord(plannedMs), now: () => now }
}

export function clientWith(
  record: RunRecord,
  name: string,
  numbers: Partial<ClientRecord>,
): ClientRecord {
  return Object.assign(addClient(record, name), numbers)
}

export function token(number: number, from: number, more: Partial<TokenRecord> = {}): TokenRecord {
  return { number, from, expiresAt: from + 3000, usedUntil: undefined, revoked: false, ...more }
}

export const noColors = createScreen({ write: () => true }, { NO_COLOR: '1' }).colors
