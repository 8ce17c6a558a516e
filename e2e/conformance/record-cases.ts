import { deepEqual, equal } from 'node:assert/strict'
import { answers, answersStatus } from './expect.ts'
import { signIn } from './session.ts'
import type { ConformanceCase, ConformanceTarget } from './target.ts'
import { field, textField } from './wire.ts'

export const recordCases: readonly ConformanceCase[] = [
  {
    name: 'records are inserted one by one or as a list, and read back',
    async run(target) {
      const { wire, recordsPath, headers } = await writer(target)
      const one = await wire('POST', recordsPath, { headers, body: { Title: 'one' } })
      const id = Number(field(one.json, 'Id'))
      answers(one, 200, { Id: id })
      const body = [{ Title: 'two' }, { Title: 'three', Unknown: 1 }]
      answers(await wire('POST', recordsPath, { headers, body }), 200, [
        { Id: id + 1 },
        { Id: id + 2 },
      ])
      const read = await wire('GET', `${recordsPath}/${id}`, { headers })
      deepEqual(Object.keys(read.json ?? {}), ['Id', 'CreatedAt', 'UpdatedAt', 'Title'])
      equal(field(read.json, 'Title'), 'one')
    },
  },
  {
    name: 'a record list comes in pages',
    async run(target) {
      const { wire, recordsPath, headers } = await writer(target)
      const body = [{ Title: 'a' }, { Title: 'b' }, { Title: 'c' }]
      await wire('POST', recordsPath, { headers, body })
      const { json } = await wire('GET', `${recordsPath}?limit=2&offset=1`, { headers })
      const count = await wire('GET', `${recordsPath}/count`, { headers })
      const totalRows = Number(field(count.json, 'count'))
      equal(field(json, 'list', 'length'), 2)
      deepEqual(field(json, 'pageInfo'), {
        totalRows,
        pageSize: 2,
        isFirstPage: false,
        isLastPage: totalRows <= 3,
        offset: 1,
      })
    },
  },
  {
    name: 'a record is changed and deleted by the Id in the body',
    async run(target) {
      const { wire, recordsPath, headers } = await writer(target)
      const inserted = await wire('POST', recordsPath, { headers, body: { Title: 'old' } })
      const Id = Number(field(inserted.json, 'Id'))
      answers(await wire('PATCH', recordsPath, { headers, body: { Id, Title: 'new' } }), 200, {
        Id,
      })
      const read = await wire('GET', `${recordsPath}/${Id}`, { headers })
      equal(field(read.json, 'Title'), 'new')
      answers(await wire('DELETE', recordsPath, { headers, body: { Id } }), 200, { Id })
      answers(await wire('GET', `${recordsPath}/${Id}`, { headers }), 404, {
        error: 'ERR_RECORD_NOT_FOUND',
        message: `Record '${Id}' not found`,
      })
    },
  },
  {
    name: 'bases and tables answer under their old name too, with a slash at the end or without',
    async run({ wire, admin, ...target }) {
      const { accessToken } = await signIn({ wire, admin, ...target }, admin)
      const headers = { 'xc-auth': accessToken }
      const body = { title: 'Old name' }
      const base = await wire('POST', '/api/v1/db/meta/projects/', { headers, body })
      const baseId = textField(base.json, 'id')
      for (const path of ['/api/v1/db/meta/projects/', '/api/v2/meta/bases']) {
        answersStatus(await wire('GET', path, { headers }), 200)
        const tables = await wire('GET', `${path}/${baseId}/tables`.replace('//', '/'), { headers })
        deepEqual(field(tables.json, 'list'), [])
      }
    },
  },
  {
    name: 'a user who may see no base gets an empty list of bases',
    async run(target) {
      const { wire, newCredentials } = target
      const body = newCredentials()
      await wire('POST', '/api/v1/auth/user/signup', { body })
      const { accessToken } = await signIn(target, body)
      const answer = await wire('GET', '/api/v2/meta/bases', {
        headers: { 'xc-auth': accessToken },
      })
      answersStatus(answer, 200)
      deepEqual(field(answer.json, 'list'), [])
    },
  },
]

async function writer(target: ConformanceTarget) {
  const { accessToken } = await signIn(target, await target.newUser())
  return { ...target, headers: { 'xc-auth': accessToken } }
}
