import { deepEqual, equal } from 'node:assert/strict'
import { registerAuth } from '@latchkey/axios'
import { Api } from 'nocodb-sdk'
import { field } from '../conformance/wire.ts'
import {
  type AcceptanceCase,
  type AcceptanceTarget,
  type Observed,
  observe,
  outlive,
} from './target.ts'

/** NocoDB's own SDK, kept signed in. */
export const sdkCases: readonly AcceptanceCase[] = [
  {
    name: 'nocodb-sdk: bases, tables and records, across expiry',
    async run(target) {
      const { api, asked } = sdkOf(target, observe(target, target.admin))
      const { list: bases } = await api.base.list()
      const baseId = bases.find(({ title }) => title === 'Conformance')?.id ?? ''
      await outlive(target)
      const { list: tables } = await api.dbTable.list(baseId)
      equal(
        tables.some(({ id }) => id === target.tableId),
        true,
      )
      await outlive(target)
      const title = `by the SDK ${target.now()}`
      await api.dbDataTableRow.create(target.tableId, { Title: title })
      await outlive(target)
      const { list: records } = await api.dbDataTableRow.list(target.tableId, { limit: 100 })
      equal(records.filter((record) => field(record, 'Title') === title).length, 1)
      deepEqual(asked, { signIns: 1, refreshes: 3 })
    },
  },
  {
    name: 'nocodb-sdk: a write that meets a revoked token is sent again, once',
    async run(target) {
      const user = await target.newUser()
      const { api, asked } = sdkOf(target, observe(target, user))
      await api.dbDataTableRow.list(target.tableId)
      const elsewhere = observe(target, user).noco
      await elsewhere.getTokens()
      await elsewhere.signOut()
      const title = `once ${target.now()}`
      await api.dbDataTableRow.create(target.tableId, { Title: title })
      const where = `(Title,eq,${title})`
      const { list } = await api.dbDataTableRow.list(target.tableId, { where, limit: 100 })
      equal(list.filter((record) => field(record, 'Title') === title).length, 1)
      deepEqual(asked, { signIns: 2, refreshes: 1 })
    },
  },
  {
    name: 'nocodb-sdk: its own sign-in goes out without a token, and its me() is never a guest',
    async run(target) {
      const user = await target.newUser()
      const { api } = sdkOf(target, observe(target, user))
      equal(typeof (await api.auth.signin(user)).token, 'string')
      await outlive(target)
      const me = await api.auth.me({})
      equal(me.email, user.email)
    },
  },
]

function sdkOf({ baseUrl }: AcceptanceTarget, { noco, asked }: Observed) {
  const api = new Api({ baseURL: baseUrl })
  registerAuth(api.instance, noco)
  return { api, asked }
}
