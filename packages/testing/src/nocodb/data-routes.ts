import type { Context } from 'hono'
import { Hono } from 'hono'
import type { Account } from './accounts.ts'
import { authenticate } from './authenticate.ts'
import { baseAnswer, recordAnswer, tableAnswer, wholeList } from './base-answers.ts'
import type { Fields } from './request-body.ts'
import { isFields, readBody, readJson } from './request-body.ts'
import type { Base, BaseRole, StoredRecord, Table } from './tables.ts'
import { insertRecord, isBaseRole, updateRecord } from './tables.ts'
import type { World } from './world.ts'

/** The same routes under two names: nocodb-sdk asks for the older one. */
const basePaths = ['/api/v2/meta/bases', '/api/v1/db/meta/projects']

/** Bases, tables and records: a small part of the real API, with the real answers. */
export function dataRoutes(world: World): Hono {
  const routes = new Hono()
  for (const path of basePaths) {
    baseRoutes(world, routes, path)
    tableRoutes(world, routes, `${path}/:baseId/tables`)
  }
  recordRoutes(world, routes)
  return routes
}

function baseRoutes(world: World, routes: Hono, path: string): void {
  routes.get(path, async (c) => {
    const user = await signedIn(world, c)
    const visible = world.tables.bases().filter((base) => roleIn(base, user) !== undefined)
    return c.json(wholeList(visible.map(baseAnswer)))
  })
  routes.post(path, async (c) => {
    const user = await signedIn(world, c)
    if (!user.roles.includes('org-level-creator')) throw world.answers.roleTooLow('baseCreate')
    const { title } = await readBody(c)
    const base = world.tables.addBase({
      title: textOr(title, 'Base'),
      ownerId: user.id,
      at: world.now(),
    })
    return c.json(baseAnswer(base))
  })
  routes.get(`${path}/:baseId`, async (c) => {
    return c.json(baseAnswer(await inBase(world, c)))
  })
  routes.delete(`${path}/:baseId`, async (c) => {
    const base = await inBase(world, c, 'baseDelete', ['owner'])
    world.tables.deleteBase(base.id)
    return c.html('true')
  })
  routes.post(`${path}/:baseId/users`, async (c) => {
    const base = await inBase(world, c, 'userInvite', ['owner', 'creator'])
    const { email, roles } = await readBody(c)
    const invited = world.accounts.byEmail(textOr(email, ''))
    if (!invited) throw world.answers.message(400, 'The double invites users that exist')
    base.members.set(invited.id, isBaseRole(roles) ? roles : 'viewer')
    return c.json({ msg: 'The user has been invited successfully' })
  })
}

function tableRoutes(world: World, routes: Hono, path: string): void {
  routes.get(path, async (c) => {
    const base = await inBase(world, c)
    return c.json({ list: world.tables.tablesOf(base.id).map(tableAnswer) })
  })
  routes.post(path, async (c) => {
    const base = await inBase(world, c, 'tableCreate', ['owner', 'creator'])
    const body = await readBody(c)
    const sent: unknown[] = Array.isArray(body.columns) ? body.columns : []
    const columns = sent.filter(isFields).map(columnTitle)
    const title = textOr(body.title, textOr(body.table_name, 'Table'))
    const table = world.tables.addTable({ baseId: base.id, title, columns, at: world.now() })
    const withId = ['Id', 'CreatedAt', 'UpdatedAt', ...columns]
    return c.json({ ...tableAnswer(table), columns: withId.map((one) => ({ title: one })) })
  })
}

function recordRoutes(world: World, routes: Hono): void {
  const path = '/api/v2/tables/:tableId/records'
  const writers: BaseRole[] = ['owner', 'creator', 'editor']
  routes.get(path, async (c) => {
    return c.json(recordPage(await inTable(world, c), c.req.query()))
  })
  routes.get(`${path}/count`, async (c) => {
    return c.json({ count: (await inTable(world, c)).records.size })
  })
  routes.get(`${path}/:recordId`, async (c) => {
    const table = await inTable(world, c)
    return c.json(recordAnswer(table, storedRecord(world, table, c.req.param('recordId'))))
  })
  routes.post(path, async (c) => {
    const table = await inTable(world, c, 'dataInsert', writers)
    return c.json(eachOf(await readJson(c), (one) => insertRecord(table, one, world.now())))
  })
  routes.patch(path, async (c) => {
    const table = await inTable(world, c, 'dataUpdate', writers)
    const update = (fields: Fields) => {
      const record = storedRecord(world, table, fields.Id)
      updateRecord(table, record, fields, world.now())
      return record.id
    }
    return c.json(eachOf(await readJson(c), update))
  })
  routes.delete(path, async (c) => {
    const table = await inTable(world, c, 'dataDelete', writers)
    const remove = (fields: Fields) => {
      const { id } = storedRecord(world, table, fields.Id)
      table.records.delete(id)
      return id
    }
    return c.json(eachOf(await readJson(c), remove))
  })
}

/** One object in, one `{Id}` out; a list in, a list out. */
function eachOf(body: unknown, change: (fields: Fields) => number) {
  if (Array.isArray(body)) return body.filter(isFields).map((one) => ({ Id: change(one) }))
  return { Id: change(isFields(body) ? body : {}) }
}

function recordPage(table: Table, query: Record<string, string>) {
  const offset = Number(query.offset ?? 0)
  const pageSize = Number(query.limit ?? 25)
  const all = [...table.records.values()]
  const list = all.slice(offset, offset + pageSize).map((record) => recordAnswer(table, record))
  const isLastPage = offset + pageSize >= all.length
  const at = offset % pageSize === 0 ? { page: offset / pageSize + 1 } : { offset }
  return {
    list,
    pageInfo: { totalRows: all.length, pageSize, isFirstPage: offset === 0, isLastPage, ...at },
  }
}

function storedRecord(world: World, table: Table, id: unknown): StoredRecord {
  const record = table.records.get(Number(id))
  if (!record) throw world.answers.recordNotFound(String(id))
  return record
}

/** The 404 for an unknown base or table comes before the question who is asking. */
async function inTable(
  world: World,
  c: Context,
  action?: string,
  allowed?: readonly BaseRole[],
): Promise<Table> {
  const id = c.req.param('tableId') ?? ''
  const table = world.tables.table(id)
  const base = table && world.tables.base(table.baseId)
  if (!table || !base) throw world.answers.tableNotFound(id)
  await permitted(world, c, base, action, allowed)
  return table
}

async function inBase(
  world: World,
  c: Context,
  action?: string,
  allowed?: readonly BaseRole[],
): Promise<Base> {
  const id = c.req.param('baseId') ?? ''
  const base = world.tables.base(id)
  if (!base) throw world.answers.baseNotFound(id)
  await permitted(world, c, base, action, allowed)
  return base
}

async function permitted(
  world: World,
  c: Context,
  base: Base,
  action = '',
  allowed?: readonly BaseRole[],
): Promise<void> {
  const role = roleIn(base, await signedIn(world, c))
  if (!role) throw world.answers.noRoleInBase()
  if (allowed && !allowed.includes(role)) {
    throw world.answers.roleTooLow(action, role.charAt(0).toUpperCase() + role.slice(1))
  }
}

async function signedIn(world: World, c: Context): Promise<Account> {
  const identity = await authenticate(world, c.req.raw.headers)
  if (!identity) throw world.answers.invalidToken()
  return identity.user
}

function roleIn(base: Base, user: Account): BaseRole | undefined {
  return user.roles.includes('super') ? 'owner' : base.members.get(user.id)
}

function columnTitle({ title, column_name: name }: Fields): string {
  return textOr(title, textOr(name, 'Title'))
}

function textOr(value: unknown, fallback: string): string {
  return typeof value === 'string' && value !== '' ? value : fallback
}
