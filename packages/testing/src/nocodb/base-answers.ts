import type { Base, StoredRecord, Table } from './tables.ts'
import { timestamp } from './world.ts'

/** @returns a base as the server describes it, shortened to what clients look at. */
export function baseAnswer(base: Base) {
  return {
    is_meta: 1,
    id: base.id,
    title: base.title,
    status: null,
    description: null,
    deleted: 0,
    type: 'database',
    created_at: timestamp(base.createdAt),
    updated_at: timestamp(base.createdAt),
    sources: [],
  }
}

/** @returns a table without its columns, as lists have it. */
export function tableAnswer(table: Table) {
  return {
    id: table.id,
    base_id: table.baseId,
    table_name: table.title.toLowerCase(),
    title: table.title,
    type: 'table',
    created_at: timestamp(table.createdAt),
    updated_at: timestamp(table.createdAt),
  }
}

export function recordAnswer(table: Table, record: StoredRecord) {
  const values = table.columns.map((title) => [title, record.fields[title] ?? null])
  return {
    Id: record.id,
    CreatedAt: timestamp(record.createdAt),
    UpdatedAt: record.updatedAt === undefined ? null : timestamp(record.updatedAt),
    ...Object.fromEntries(values),
  }
}

/** @returns a whole list on one page, as the meta endpoints answer it. */
export function wholeList<Item>(
  list: Item[],
  totalRows = list.length,
  pageSize = list.length || 25,
) {
  return { list, pageInfo: { totalRows, page: 1, pageSize, isFirstPage: true, isLastPage: true } }
}
