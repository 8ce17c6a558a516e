import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { apiToken, bearer, createTokenManager, headerScheme } from '@latchkey/core'
import { wrapFetch } from '@latchkey/fetch'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Api, startApi } from '../../testing/test/support/api.ts'

let api: Api
let signedIn: typeof fetch
beforeEach(async () => {
  api = await startApi()
  signedIn = wrapFetch(api.staleManager())
})
afterEach(() => {
  vi.restoreAllMocks()
  return api.close()
})

/** A manager of `origin` that has a token at once. */
const freshManager = (origin: string) =>
  createTokenManager({
    origin,
    scheme: headerScheme('xc-auth'),
    grants: [{ name: 'known', request: () => Promise.resolve({ accessToken: 'a' }) }],
  })

const bodies = () => api.seen.map(({ body }) => body)

describe('a Request', () => {
  test('with a body is replayed byte for byte, with its headers', async () => {
    const headers = { 'content-type': 'application/json', 'x-mine': '1' }
    const request = new Request(api.url, { method: 'POST', body: '{"a":1}', headers })
    expect((await signedIn(request)).status).toBe(200)
    expect(api.seen).toHaveLength(2)
    for (const { method, body, headers: sent } of api.seen) {
      expect([method, body, sent['content-type'], sent['x-mine']]).toEqual([
        'POST',
        '{"a":1}',
        'application/json',
        '1',
      ])
    }
    expect(request.bodyUsed).toBe(true) // as with fetch
  })

  test('without a body can be sent again by the caller', async () => {
    const request = new Request(api.url, { headers: { 'x-mine': '1' } })
    expect((await signedIn(request)).status).toBe(200)
    expect((await signedIn(request)).status).toBe(200)
    expect(api.seen.map(({ headers }) => headers['x-mine'])).toEqual(['1', '1', '1'])
    expect(request.headers.has('xc-auth')).toBe(false)
  })

  test('whose body is used up fails as with fetch, without a renewal', async () => {
    const request = new Request(api.url, { method: 'POST', body: 'x' })
    await request.text()
    await expect(signedIn(request)).rejects.toBeInstanceOf(TypeError)
    expect([api.seen.length, api.renewals]).toEqual([0, 0])
  })

  test('takes body, method and headers from init, if it has them', async () => {
    const request = new Request(api.url, { method: 'POST', body: 'x', headers: { 'x-old': '1' } })
    const init = { method: 'PUT', body: 'y', headers: { 'x-new': '1' } }
    expect((await signedIn(request, init)).status).toBe(200)
    const { method, body, headers } = api.seen[1]!
    expect([method, body, headers['x-new'], headers['x-old']]).toEqual(['PUT', 'y', '1', undefined])
  })

  test('with the caller’s own credential keeps it', async () => {
    const request = new Request(api.url, { headers: { Authorization: 'Basic eDp5' } })
    expect((await signedIn(request)).status).toBe(401)
    expect(api.seen.map(({ headers }) => headers['xc-auth'])).toEqual([undefined])
    expect(api.renewals).toBe(0)
  })
})

test.each([
  ['post', 'POST'],
  ['Delete', 'DELETE'],
  ['patch', 'patch'],
])('the method %s is judged as %s, as fetch sends it', async (method, sent) => {
  const seen: string[] = []
  const manager = createTokenManager({
    origin: 'https://api.test',
    scheme: bearer(),
    grants: [apiToken('CANARY-7f3a')],
    skipAuth: (request) => seen.push(request.method) > 0,
  })
  const send = async () => new Response('done')
  await wrapFetch(manager, { fetch: send })('https://api.test/', { method })
  expect(seen).toEqual([sent])
})

describe('a URL', () => {
  test('may be a URL object', async () => {
    expect((await signedIn(new URL('/items', api.url))).status).toBe(200)
    expect(api.seen.map(({ url }) => url)).toEqual(['/items', '/items'])
  })

  test('that is relative fails as with fetch', async () => {
    const ours = await signedIn('/items').catch((error: unknown) => error)
    const theirs = await fetch('/items').catch((error: unknown) => error)
    expect(ours).toEqual(theirs)
    expect(api.renewals).toBe(0)
  })
})

describe('headers', () => {
  test.each([
    ['a record', { 'X-Mine': '1' }],
    ['a list', [['X-Mine', '1']] satisfies [string, string][]],
    ['Headers', new Headers({ 'X-Mine': '1' })],
  ])('may be %s, and stay as they were', async (_, headers) => {
    const before = JSON.stringify([...new Headers(headers)])
    expect((await signedIn(api.url, { headers })).status).toBe(200)
    expect(api.seen.map((seen) => seen.headers['x-mine'])).toEqual(['1', '1'])
    expect(JSON.stringify([...new Headers(headers)])).toBe(before)
  })

  test.each([
    ['a record', { 'XC-Auth': 'mine' }],
    ['a list', [['XC-Auth', 'mine']] satisfies [string, string][]],
    ['Headers', new Headers({ 'XC-Auth': 'mine' })],
  ])('with a credential win, in %s', async (_, headers) => {
    expect((await signedIn(api.url, { headers })).status).toBe(401)
    expect(api.seen.map((seen) => seen.headers['xc-auth'])).toEqual(['mine'])
    expect(api.renewals).toBe(0)
  })
})

describe('changes by the caller after the call do not reach the replay', () => {
  const sent = () => api.seen.map(({ method, url, headers }) => [method, url, headers['x-mine']])

  test('in a Request: its headers', async () => {
    const request = new Request(`${api.url}?n=1`, { headers: { 'x-mine': '1' } })
    const answer = signedIn(request)
    request.headers.set('x-mine', '2')
    expect((await answer).status).toBe(200)
    expect(sent()).toEqual([1, 2].map(() => ['GET', '/?n=1', '1']))
  })

  test('in init and a URL object: method, headers and URL', async () => {
    const url = new URL(`${api.url}?n=1`)
    const init = { method: 'DELETE', headers: new Headers({ 'x-mine': '1' }) }
    const answer = signedIn(url, init)
    url.search = '?n=2'
    init.method = 'PUT'
    init.headers.set('x-mine', '2')
    expect((await answer).status).toBe(200)
    expect(sent()).toEqual([1, 2].map(() => ['DELETE', '/?n=1', '1']))
  })
})

describe('a signal', () => {
  test.each([
    ['in init', (signal: AbortSignal) => signedIn(api.url, { signal })],
    ['in a Request', (signal: AbortSignal) => signedIn(new Request(api.url, { signal }))],
  ])('%s ends the wait with its own reason', async (_, call) => {
    const renewal = api.holdRenewals()
    const controller = new AbortController()
    const pending = call(controller.signal)
    await renewal.started
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(pending).rejects.toBe(reason)
    renewal.release()
    expect((await signedIn(api.url)).status).toBe(200)
    expect(api.renewals).toBe(1)
  })
})

test('an abort of a Request in progress still works after garbage collection', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  let asked = () => {}
  const arrived = new Promise<void>((resolve) => {
    asked = resolve
  })
  const server = createServer(() => asked()) // and never answers
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const send = wrapFetch(freshManager(origin))
  const controller = new AbortController()
  const pending = send(new Request(origin, { signal: controller.signal }))
  await arrived
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise((resolve) => void setTimeout(resolve, 10))
    collect()
  }
  controller.abort()
  await expect(pending).rejects.toMatchObject({ name: 'AbortError' })
  server.closeAllConnections()
  server.close()
})

describe('a body', () => {
  test('that is a stream in a Request is replayed from a copy', async () => {
    const body = new Blob(['stream']).stream()
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit
    expect((await signedIn(new Request(api.url, init))).status).toBe(200)
    expect(bodies()).toEqual(['stream', 'stream'])
  })

  test('that is a stream in init is sent once', async () => {
    const body = new Blob(['stream']).stream()
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit
    expect((await signedIn(api.url, init)).status).toBe(401)
    expect(bodies()).toEqual(['stream'])
  })

  test('may be null', async () => {
    expect((await signedIn(api.url, { method: 'POST', body: null })).status).toBe(200)
    expect(bodies()).toEqual(['', ''])
  })
})

describe('a copy of a body', () => {
  test('of a large Request is made only while a replay is possible', async () => {
    const clone = vi.spyOn(Request.prototype, 'clone')
    const large = () => new Request(api.url, { method: 'POST', body: 'x'.repeat(1_000_000) })
    const grants = [apiToken('static')]
    const fixed = wrapFetch(api.staleManager({ scheme: bearer(), grants, name: 'fixed' }))
    expect((await fixed(large())).status).toBe(401)
    expect(clone).not.toHaveBeenCalled()
    expect((await signedIn(large())).status).toBe(200)
    expect(bodies().map(({ length }) => length)).toEqual([1_000_000, 1_000_000, 1_000_000])
  })

  test('is made when a request has to wait for its token, so that later changes are not sent', async () => {
    const { started, release } = api.holdRenewals()
    const body = new URLSearchParams({ a: '1' })
    const pending = wrapFetch(api.staleManager({ name: 'waiting' }))(api.url, {
      method: 'POST',
      body,
    })
    await started
    body.set('a', '2')
    release()
    expect((await pending).status).toBe(200)
    expect(bodies()).toEqual(['a=1'])
  })
})
