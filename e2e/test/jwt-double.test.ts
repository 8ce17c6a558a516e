import { jwtSession } from '@latchkey/jwt'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { jwtWays, openJwtWay } from '../src/auth-servers/jwt-double-ways.ts'
import { serverFacts } from '../src/auth-servers/server-facts.ts'
import { lifeOf } from '../src/auth-servers/server-under-test.ts'

/** The facts that hold with Directus and better-auth. */
describe.each(Object.entries(jwtWays))('the JWT double with %s', (_, way) => {
  let opened: Awaited<ReturnType<typeof openJwtWay>>
  beforeAll(async () => {
    opened = await openJwtWay(way)
  })
  afterAll(() => opened?.close())

  test.for(serverFacts)('$name', async ({ run, applies }, { skip }) => {
    if (applies?.(opened.underTest) === false) skip('this server has no such thing')
    await expect(run(opened.underTest)).resolves.toBeUndefined()
  })

  test('one session from sign-in to sign-out, on every client', async () => {
    const session = jwtSession(opened.underTest.options)
    expect(await lifeOf(session, opened.underTest)).toEqual({ statuses: [200], isOver: true })
  })
})
