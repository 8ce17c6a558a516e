import { describe, expect, it } from 'vitest'
import { apiToken, headerScheme, type TokenSet } from '../src/index.ts'
import {
  answer,
  authorize,
  failure,
  harness,
  next,
  ORIGIN,
  request,
  sent,
} from './support/harness.ts'

describe('a request', () => {
  it('to the origin carries the token in the scheme of the manager', async () => {
    const { manager, scripted } = harness({ scheme: headerScheme('XC-Auth') })
    scripted.answerTokens()
    expect((await authorize(manager)).headers).toEqual({ 'xc-auth': 'a1' })
  })

  it('is authorized at once while the token is fresh, without asking the store', async () => {
    let reads = 0
    const store = {
      getToken: () => void (reads += 1),
      setToken: () => undefined,
      removeToken: () => undefined,
    }
    const { manager, scripted } = harness({ store })
    scripted.answerTokens()
    await authorize(manager)
    const before = reads
    expect(manager.authorize(request())).not.toBeInstanceOf(Promise)
    expect(reads).toBe(before)
  })

  it.each([
    'https://api.test.evil.test/',
    'https://evil-api.test/',
    'https://api.test@evil.test/',
    'https://api.test:444/',
    'http://api.test/',
    'https://sub.api.test/',
    'https://api.test./',
    'blob:https://api.test/0',
    'data:text/plain,api.test',
  ])('to %s gets no token', async (url) => {
    const { manager, scripted } = harness()
    scripted.answerTokens()
    const authorization = await manager.authorize({ url, method: 'GET' })
    expect(authorization.headers).toEqual({})
    expect(authorization.generation).toBe(0)
    expect(scripted.calls()).toBe(0)
  })

  it.each(['Authorization', 'xc-auth', 'XC-TOKEN', 'X-PowerAuth-Token'])(
    'that carries the caller’s %s keeps it, and the manager adds nothing',
    async (name) => {
      const { manager, scripted } = harness()
      scripted.answerTokens()
      const headers = new Headers({ [name]: 'mine' })
      expect((await manager.authorize({ ...request(), headers })).generation).toBe(0)
    },
  )

  it('keeps a header of its own that the scheme would set', async () => {
    const { manager, scripted } = harness({ scheme: headerScheme('x-api-key') })
    scripted.answerTokens()
    const headers = new Headers({ 'X-Api-Key': 'mine' })
    expect((await manager.authorize({ ...request(), headers })).headers).toEqual({})
  })

  it('that skipAuth names goes out without a token', async () => {
    const { manager } = harness({ skipAuth: ({ url }) => url.pathname === '/login' })
    expect((await authorize(manager, '/login')).generation).toBe(0)
  })

  it('carries frozen headers, which a cacheable scheme makes once per token set', async () => {
    let asked = 0
    const headers = ({ accessToken }: TokenSet) => ({ 'x-token': `${(asked += 1)} ${accessToken}` })
    const { manager, scripted } = harness({ scheme: { name: 'once', cacheable: true, headers } })
    scripted.answerTokens()
    const authorizations = [await authorize(manager), await authorize(manager)]
    expect(() => Object.assign(authorizations[0]!.headers, { 'x-token': '' })).toThrow(TypeError)
    await manager.refresh()
    authorizations.push(await authorize(manager))
    expect(authorizations.map((one) => one.headers['x-token'])).toEqual(['1 a1', '1 a1', '2 a2'])
  })

  it('is signed anew for each attempt', async () => {
    let nonce = 0
    const scheme = { name: 'signed', headers: async () => ({ signature: `${(nonce += 1)}` }) }
    const { manager, scripted } = harness({ scheme })
    scripted.answerTokens()
    const first = await authorize(manager)
    const second = await manager.recover(first, answer(401))
    expect([first.headers['signature'], second?.headers['signature']]).toEqual(['1', '2'])
  })
})

describe('a rejected token', () => {
  it('is renewed once for any number of requests, and each is sent again once', async () => {
    const { manager, scripted, events } = harness()
    scripted.answerTokens()
    const first = await Promise.all(Array.from({ length: 100 }, () => authorize(manager)))
    const again = await Promise.all(first.map(async (one) => manager.recover(one, answer(401))))
    expect(new Set(again.map(sent))).toEqual(new Set(['Bearer a2']))
    expect(scripted.calls()).toBe(2)
    expect(events.retried).toHaveLength(100)
  })

  it('makes later requests wait for its successor instead of going out with it', async () => {
    const { manager, scripted } = harness()
    scripted.answer((call) => (call === 1 ? { accessToken: 'a1' } : new Promise(() => undefined)))
    const first = await authorize(manager)
    void manager.recover(first, answer(401))
    await scripted.asked(2)
    expect(manager.authorize(request())).toBeInstanceOf(Promise)
  })

  it('of an older generation is not renewed again: a late 401 is replayed with the current one', async () => {
    const { manager, scripted } = harness()
    scripted.answerTokens()
    const [early, late] = await Promise.all([authorize(manager), authorize(manager)])
    await manager.recover(early, answer(401))
    expect(sent(await manager.recover(late, answer(401)))).toBe('Bearer a2')
    expect(scripted.calls()).toBe(2)
  })

  it('is recognised by its generation, even when the new token is the same string', async () => {
    const { manager, scripted } = harness()
    scripted.answer(() => ({ accessToken: 'same' }))
    const [early, late] = await Promise.all([authorize(manager), authorize(manager)])
    const again = await manager.recover(early, answer(401))
    expect(again).toMatchObject({ generation: 2, attempt: 2 })
    expect(await manager.recover(late, answer(401))).toMatchObject({ generation: 2 })
    expect(scripted.calls()).toBe(2)
  })

  it("is not replayed twice: the second 401 is the caller's, with the reason", async () => {
    const { manager, scripted } = harness()
    scripted.answerTokens()
    const again = await manager.recover(await authorize(manager), answer(401))
    const second = answer(401)
    expect(await manager.recover(again as never, second)).toBeUndefined()
    expect(manager.explain(second)).toMatchObject({ code: 'ERR_FRESH_TOKEN_REJECTED' })
  })

  it('that was fresh is not renewed for every request to a server that always answers 401', async () => {
    const { manager, scripted, clock } = harness()
    scripted.answerTokens()
    const refuse = async () => {
      const first = await authorize(manager)
      const second = await manager.recover(first, answer(401))
      if (second) await manager.recover(second, answer(401))
    }
    for (let n = 0; n < 10; n += 1) await refuse()
    expect(scripted.calls()).toBe(2)
    clock.pass(2_000)
    await refuse()
    expect(scripted.calls()).toBe(3)
  })

  it('is renewed, but the request is not sent again if its body can be read only once', async () => {
    const { manager, scripted } = harness()
    scripted.answerTokens()
    const response = answer(401)
    const first = await authorize(manager)
    const renewed = next(manager, 'renewed')
    expect(await manager.recover(first, response, { replayable: false })).toBeUndefined()
    expect(manager.explain(response)).toMatchObject({ code: 'ERR_BODY_NOT_REPLAYABLE' })
    await renewed
    expect(sent(await authorize(manager))).toBe('Bearer a2')
  })

  it('that is permanent is never renewed, and explain() returns the reason', async () => {
    const { manager, events } = harness({ grants: [apiToken('static-secret')] })
    const first = await authorize(manager)
    const response = answer(401)
    expect(first.renewable).toBe(false)
    expect(await manager.recover(first, response)).toBeUndefined()
    expect(manager.explain(response)).toMatchObject({ code: 'ERR_API_TOKEN_REJECTED' })
    expect(sent(await authorize(manager))).toBe('Bearer static-secret')
    expect(events.renewed).toHaveLength(1)
  })
})

describe('a response', () => {
  it.each([200, 400, 403, 404, 407, 419, 429, 500, 503])('of %s never renews', async (status) => {
    const { manager, scripted } = harness()
    scripted.answerTokens()
    const first = await authorize(manager)
    expect(manager.recover(first, answer(status))).toBeUndefined()
    expect(scripted.calls()).toBe(1)
  })

  it('401 to a request without the manager’s token never renews', async () => {
    const { manager, scripted } = harness()
    const bare = await manager.authorize({ url: 'https://other.test/', method: 'GET' })
    expect(manager.recover(bare, answer(401))).toBeUndefined()
    expect(scripted.calls()).toBe(0)
  })

  it.each([
    ['https://api.test:8443/x', 'https://api.test:8443', 'https://api.test'],
    ['http://api.test/x', 'http://api.test', 'https://api.test'],
    ['http://127.0.0.1:80/x', 'http://127.0.0.1', 'http://localhost:80'],
  ])(
    '401 of %s, nearly the manager’s origin, is explained: no token was sent',
    async (url, at, meant) => {
      const origin = ['https://api.test', 'http://localhost:80']
      const { manager } = harness({ origin })
      const bare = await manager.authorize({ url, method: 'GET' })
      const response = Object.defineProperty(answer(401), 'url', { value: url })
      expect(manager.recover(bare, response)).toBeUndefined()
      const { code, message } = manager.explain(response) ?? {}
      expect(code).toBe('ERR_OTHER_ORIGIN')
      expect(message).toContain(
        `because the request went to ${at}, but the manager's origin is ${new URL(meant).origin}.`,
      )
    },
  )

  it.each(['https://other.test/x', 'https://sub.api.test/x', 'https://api.test/x', ''])(
    '401 of %s to a request without the manager’s token has no explanation',
    async (url) => {
      const { manager } = harness()
      const bare = await manager.authorize({ url: url || ORIGIN, method: 'GET', skipAuth: true })
      const response = Object.defineProperty(answer(401), 'url', { value: url })
      expect(manager.recover(bare, response)).toBeUndefined()
      expect(manager.explain(response)).toBeUndefined()
    },
  )

  it('401 from a redirect target at another origin never renews', async () => {
    const { manager, scripted } = harness()
    scripted.answerTokens()
    const first = await authorize(manager)
    expect(await manager.recover(first, answer(401, '', 'https://other.test/'))).toBeUndefined()
    expect(scripted.calls()).toBe(1)
  })

  it('is judged by isTokenRejected, on any status, with a body it can read', async () => {
    const { manager, scripted } = harness({
      isTokenRejected: async (response) => /expired/.test(await response.text()),
    })
    scripted.answerTokens()
    const first = await authorize(manager)
    expect(await manager.recover(first, answer(401, 'nope'))).toBeUndefined()
    expect(sent(await manager.recover(first, answer(200, 'JWT expired')))).toBe('Bearer a2')
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('bug')
      },
    ],
    ['rejects', () => Promise.reject(new Error('bug'))],
  ])('counts by its status when isTokenRejected %s', async (_, isTokenRejected) => {
    const { manager, scripted } = harness({ isTokenRejected })
    scripted.answerTokens()
    const first = await authorize(manager)
    expect(await manager.recover(first, answer(500))).toBeUndefined()
    expect(sent(await manager.recover(first, answer(401)))).toBe('Bearer a2')
  })
})

describe('a waiter', () => {
  it('that aborts is rejected at once with its own reason, and other requests go on', async () => {
    const { manager, scripted } = harness()
    const starter = new AbortController()
    const aborted = manager.authorize({ ...request(), signal: starter.signal })
    const other = manager.authorize(request())
    await scripted.asked()
    starter.abort(new Error('mine'))
    expect((await failure(aborted)).message).toBe('mine')
    expect(scripted.contexts[0]?.signal.aborted).toBe(false)
    scripted.settle({ accessToken: 'a1' })
    expect(sent(await other)).toBe('Bearer a1')
    expect(scripted.calls()).toBe(1)
  })

  it('that aborts while its token is renewed is rejected with its own reason', async () => {
    const { manager, scripted } = harness()
    scripted.answer((call) => (call === 1 ? { accessToken: 'a1' } : new Promise(() => undefined)))
    const first = await authorize(manager)
    const controller = new AbortController()
    const recovering = manager.recover(first, answer(401), { signal: controller.signal })
    await scripted.asked(2)
    controller.abort(new Error('mine'))
    expect((await failure(recovering)).message).toBe('mine')
  })

  it('with an aborted signal does not wait at all', async () => {
    const { manager } = harness()
    const signal = AbortSignal.abort(new Error('before'))
    expect((await failure(manager.authorize({ ...request(), signal }))).message).toBe('before')
  })
})

it("explain() finds the reason through a client's error, its response and its cause", async () => {
  const { manager, scripted } = harness()
  scripted.answerTokens()
  const original = { status: 401 }
  const second = await manager.recover(await authorize(manager), answer(401))
  await manager.recover(second as never, { ...answer(401), original })
  const code = 'ERR_FRESH_TOKEN_REJECTED'
  expect(manager.explain(original)).toMatchObject({ code })
  expect(manager.explain(Object.assign(new Error('401'), { response: original }))).toMatchObject({
    code,
  })
  const cause = manager.explain(original)
  expect(manager.explain(new Error('wrapped', { cause }))).toBe(cause)
  expect(manager.explain(new Error('other'))).toBeUndefined()
  expect(manager.explain(undefined)).toBeUndefined()
})
