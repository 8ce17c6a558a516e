import { randomId } from '../double/random.ts'
import type { Fields } from './request-body.ts'

/** Roles a user can have in a base, strongest first. A super admin owns every base. */
export type BaseRole = 'owner' | 'creator' | 'editor' | 'viewer'

export function isBaseRole(value: unknown): value is BaseRole {
  return value === 'owner' || value === 'creator' || value === 'editor' || value === 'viewer'
}

export interface Base {
  readonly id: string
  readonly title: string
  readonly createdAt: number
  readonly members: Map<string, BaseRole>
}

export interface StoredRecord {
  readonly id: number
  readonly createdAt: number
  updatedAt: number | undefined
  readonly fields: Fields
}

export interface Table {
  readonly id: string
  readonly baseId: string
  readonly title: string
  readonly columns: readonly string[]
  readonly createdAt: number
  readonly records: Map<number, StoredRecord>
  lastRecordId: number
}

export type Tables = ReturnType<typeof createTables>

/** Bases, tables and records in memory: enough of them for a client to read and write. */
export function createTables() {
  const bases = new Map<string, Base>()
  const tables = new Map<string, Table>()

  return {
    base: (id: string) => bases.get(id),
    bases: () => [...bases.values()],
    table: (id: string) => tables.get(id),
    tablesOf: (baseId: string) => [...tables.values()].filter((one) => one.baseId === baseId),
    addBase(input: { title: string; ownerId: string; at: number }): Base {
      const members = new Map<string, BaseRole>([[input.ownerId, 'owner']])
      const base = { id: randomId('p'), title: input.title, createdAt: input.at, members }
      bases.set(base.id, base)
      return base
    },
    deleteBase(id: string): void {
      bases.delete(id)
      for (const table of tables.values()) if (table.baseId === id) tables.delete(table.id)
    },
    addTable(input: { baseId: string; title: string; columns: string[]; at: number }): Table {
      const table: Table = {
        id: randomId('m'),
        baseId: input.baseId,
        title: input.title,
        columns: input.columns,
        createdAt: input.at,
        records: new Map(),
        lastRecordId: 0,
      }
      tables.set(table.id, table)
      return table
    },
    deleteTable: (id: string) => tables.delete(id),
  }
}

/** Stores one record. Fields without a column are dropped, as the real server does. */
export function insertRecord(table: Table, fields: Fields, at: number): number {
  table.lastRecordId += 1
  const id = table.lastRecordId
  const stored = { id, createdAt: at, updatedAt: undefined, fields: knownFields(table, fields) }
  table.records.set(id, stored)
  return id
}

export function updateRecord(table: Table, record: StoredRecord, fields: Fields, at: number): void {
  Object.assign(record.fields, knownFields(table, fields))
  record.updatedAt = at
}

function knownFields(table: Table, fields: Fields): Fields {
  return Object.fromEntries(table.columns.map((title) => [title, fields[title]]).filter(hasValue))
}

function hasValue([, value]: readonly unknown[]): boolean {
  return value !== undefined
}
