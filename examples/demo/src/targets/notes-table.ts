import type { Call } from '../clients.ts'

/** Reads and writes of one table with a `Title` column: two requests at each tick. */
export function notesCalls(tableId: string): (tick: number) => readonly Call[] {
  const records = `api/v2/tables/${tableId}/records`
  const list: Call = { method: 'GET', path: `${records}?limit=5` }
  const count: Call = { method: 'GET', path: `${records}/count` }
  return (tick) => {
    if (tick % 5 !== 0) return [list, count]
    return [list, { method: 'POST', path: records, json: { Title: `Note ${tick}` } }]
  }
}
