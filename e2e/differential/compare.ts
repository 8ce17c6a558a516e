import { isDeepStrictEqual } from 'node:util'
import type { Call } from './call.ts'
import { known } from './known.ts'
import type { Observation } from './run.ts'

export interface Difference {
  where: string
  bare: unknown
  registered: unknown
}

/** What differs between the bare and the registered client, beyond what is known to. */
export function differences(call: Call, bare: Observation, registered: Observation): Difference[] {
  return leaves(bare, registered, '').filter(
    ({ where }) => !known.some(({ applies }) => applies(call, where, bare, registered)),
  )
}

function leaves(a: unknown, b: unknown, where: string): Difference[] {
  if (isDeepStrictEqual(a, b)) return []
  const isRecord = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null
  if (!isRecord(a) || !isRecord(b)) return [{ where, bare: a, registered: b }]
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])]
  return names.flatMap((name) => leaves(a[name], b[name], where ? `${where}.${name}` : name))
}
