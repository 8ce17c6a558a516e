import type { ResponseView } from '@latchkey/core'
import { describe, expect, test } from 'vitest'
import * as backEnds from '../src/back-ends.ts'
import type { Fixture } from './support/fixture.ts'
import { frameworkFixtures } from './support/framework-fixtures.ts'
import { platformFixtures } from './support/platform-fixtures.ts'

type BackEnd = keyof typeof backEnds

const verdicts: Record<BackEnd, (response: ResponseView) => boolean | Promise<boolean>> = {
  ...backEnds,
}

const fixtures: Record<BackEnd, Fixture[]> = { ...frameworkFixtures, ...platformFixtures }

function view({ status, challenge, headers, body }: Fixture) {
  const isText = typeof body === 'string' || body === undefined
  const made: ResponseView & { reads: number } = {
    status,
    url: 'https://api.test/notes',
    headers: new Headers({
      'content-type': isText ? 'text/html' : 'application/json; charset=utf-8',
      ...headers,
      ...(challenge && { 'www-authenticate': challenge }),
    }),
    reads: 0,
    async text() {
      made.reads += 1
      return isText ? (body ?? '') : JSON.stringify(body)
    },
  }
  return made
}

const names = Object.keys(fixtures) as BackEnd[]

test('every back end has fixtures', () => {
  expect(names.toSorted()).toEqual(Object.keys(backEnds).toSorted())
})

test.each(names)(
  '%s has fixtures of a rejected token, of another failure, and of a success',
  (name) => {
    const said = fixtures[name].map(({ rejected }) => rejected)
    expect(new Set(said)).toEqual(new Set([true, false]))
    expect(fixtures[name].map(({ status }) => status)).toContain(200)
  },
)

describe.each(names)('%s', (name) => {
  const said = ({ rejected, what, status }: Fixture) =>
    [`${status} ${what}: ${rejected ? 'rejected' : 'not about the token'}`] as const
  const cases = fixtures[name].map((fixture) => [...said(fixture), fixture] as const)

  test.each(cases)('%s', async (_, fixture) => {
    const response = view(fixture)
    expect(await verdicts[name](response)).toBe(fixture.rejected)
    expect(response.reads).toBe(fixture.read ? 1 : 0)
  })
})

test.each(names)('%s does not fail on garbage', async (name) => {
  for (const status of [200, 204, 400, 401, 403, 500]) {
    for (const body of ['', 'null', '[]', '[[]]', '"x"', '{"error":null}', '{"errors":[null]}']) {
      const response = {
        ...view({
          what: '',
          status,
          rejected: false,
          headers: { 'content-type': 'application/json' },
        }),
        text: async () => body,
      }
      expect(typeof (await verdicts[name](response))).toBe('boolean')
    }
  }
})
