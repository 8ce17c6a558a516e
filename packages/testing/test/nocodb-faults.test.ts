import { createNocoDBDouble } from '@latchkey/testing'
import { expect, test } from 'vitest'
import { ada, bases, cookieIn, withAda } from './nocodb-client.ts'

test('the next renewals meet the ordered answer, then the server again', async () => {
  const { control, signIn, refresh } = withAda(createNocoDBDouble())
  const { cookie } = await signIn()
  control.failNext('renewal', 2, { status: 503, body: { busy: true } })
  const answers = [await refresh(cookie), await refresh(cookie), await refresh(cookie)]
  expect(answers.map(({ status }) => status)).toEqual([503, 503, 200])
  expect(answers[0]?.body).toEqual({ busy: true })
  expect(control.counts()).toMatchObject({ renewals: 1, rejectedRenewals: 0, faults: 2 })
})

test('an ordered answer may have headers and any text', async () => {
  const { control, double } = withAda(createNocoDBDouble())
  const headers = { 'retry-after': '7', 'content-type': 'text/html' }
  control.failNext('data', 1, { status: 502, body: '<h1>Bad gateway</h1>', headers })
  const response = await double.fetch(`http://nocodb.test${bases}`)
  expect(response.headers.get('retry-after')).toBe('7')
  await expect(response.text()).resolves.toBe('<h1>Bad gateway</h1>')
})

test('a network fault rejects like the own fetch of the platform and costs no refresh token', async () => {
  const { control, signIn, refresh } = withAda(createNocoDBDouble())
  const { cookie } = await signIn()
  control.failNext('renewal', 1, 'network')
  const failure = await refresh(cookie).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(TypeError)
  expect(failure).toMatchObject({ name: 'TypeError', message: 'fetch failed' })
  expect((await refresh(cookie)).status).toBe(200)
})

test('a lost answer rejects in the same way, and the refresh token is spent', async () => {
  const { control, signIn, refresh } = withAda(createNocoDBDouble())
  const { cookie } = await signIn()
  control.failNext('renewal', 1, 'lost answer')
  await expect(refresh(cookie)).rejects.toThrow('fetch failed')
  expect((await refresh(cookie)).status).toBe(400)
  expect(control.log().map(({ status }) => status)).toEqual([200, 0, 400])
})

test('held renewals wait until they are released, and later ones pass', async () => {
  const { control, signIn, refresh } = withAda(createNocoDBDouble())
  const [first, second] = [await signIn(), await signIn()]
  const hold = control.hold('renewal')
  const settled: string[] = []
  const waiting = [first, second].map(async ({ cookie }) => {
    const answer = await refresh(cookie)
    settled.push(cookieIn(answer))
    return answer
  })
  await hold.whenWaiting(2)
  expect([hold.waiting, settled.length, control.counts().renewals]).toEqual([2, 0, 0])
  hold.release()
  const answers = await Promise.all(waiting)
  expect(answers.map(({ status }) => status)).toEqual([200, 200])
  expect([hold.waiting, control.counts().renewals]).toEqual([0, 2])
  expect((await refresh(settled[0] ?? '')).status).toBe(200)
})

test('a held request may be revoked behind its back', async () => {
  const { control, signIn, refresh } = withAda(createNocoDBDouble())
  const { cookie } = await signIn()
  const hold = control.hold('renewal')
  const answer = refresh(cookie)
  await hold.whenWaiting()
  control.revokeSessions(ada.email)
  hold.release()
  expect((await answer).status).toBe(400)
})

test('a delay takes its time for one kind or for all', async () => {
  const { control, signIn, refresh, get } = withAda(createNocoDBDouble())
  const { cookie } = await signIn()
  const took = async (run: () => Promise<unknown>) => {
    const startedAt = performance.now()
    await run()
    return performance.now() - startedAt
  }
  control.delay('renewal', 40)
  await expect(took(() => refresh(cookie))).resolves.toBeGreaterThan(35)
  control.delay('all', 40)
  await expect(took(() => get(bases))).resolves.toBeGreaterThan(35)
  control.clearFaults()
  await expect(took(() => get(bases))).resolves.toBeLessThan(35)
})

test('cleared faults are forgotten and what is held goes on', async () => {
  const { control, signIn, refresh } = withAda(createNocoDBDouble())
  const { cookie } = await signIn()
  const hold = control.hold('renewal')
  const answer = refresh(cookie)
  await hold.whenWaiting()
  control.failNext('renewal', 5, 'network')
  control.clearFaults()
  expect((await answer).status).toBe(200)
  expect((await refresh(cookieIn(await answer))).status).toBe(200)
})

test('an abort rejects with its own reason while the server works on', async () => {
  const { control, double, signIn } = withAda(createNocoDBDouble())
  const { cookie } = await signIn()
  const hold = control.hold('renewal')
  const controller = new AbortController()
  const answer = double.fetch('http://nocodb.test/api/v1/auth/token/refresh', {
    method: 'POST',
    headers: { cookie },
    signal: controller.signal,
  })
  await hold.whenWaiting()
  controller.abort(new Error('enough'))
  await expect(answer).rejects.toThrow('enough')
  hold.release()
  await expect.poll(() => control.counts().renewals).toBe(1)
})

test.each([-1, 1.5, Number.NaN])('an impossible number of failures is refused: %d', (count) => {
  const { control } = createNocoDBDouble()
  expect(() => control.failNext('renewal', count, 'network')).toThrow('a whole number')
})

test('a misspelt kind of request is refused', () => {
  const { control } = createNocoDBDouble()
  const kind = JSON.parse('"renewals"')
  expect(() => control.failNext(kind, 1, 'network')).toThrow('must be one of signIn, signUp')
  expect(() => control.hold(kind)).toThrow('got renewals')
  expect(() => control.delay(kind, 1)).toThrow('got renewals')
})
