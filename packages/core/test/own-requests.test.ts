import { describe, expect, it, vi } from 'vitest'
import { ownFetch, readObject, redact, unavailable } from '../src/service.ts'
import { isAnswerLost } from '../src/grant/lost-answer.ts'
import { failure } from './support/harness.ts'

const URL_WITH_QUERY = 'https://api.test/auth/login?key=secret'

const answering = (response: () => Response | Promise<Response>) => {
  const send = vi.fn<typeof fetch>(async () => response())
  return { send, ask: ownFetch({ fetch: send, renewTimeoutMs: 20 }) }
}

/** A body that stalls after its start, whatever signal there is. */
const stalled = () =>
  new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode('{"tok')),
  })

describe('a service’s own request', () => {
  it('answers with status, headers and the whole body', async () => {
    const headers = new Headers({ 'retry-after': '3' })
    headers.append('set-cookie', 'a=1')
    headers.append('set-cookie', 'b=2')
    const { ask } = answering(() => new Response('näh', { status: 418, headers }))
    const response = await ask(URL_WITH_QUERY)
    expect(response.status).toBe(418)
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect(await response.text()).toBe('näh')
  })

  it('returns an answer without a body', async () => {
    const { ask } = answering(() => new Response(null, { status: 204 }))
    expect((await ask(URL_WITH_QUERY)).body).toBeNull()
  })

  it('reads a body without streams, as on React Native', async () => {
    const native = { status: 200, headers: new Headers(), text: () => Promise.resolve('whole') }
    const { ask } = answering(() => native as Response)
    expect(await (await ask(URL_WITH_QUERY)).text()).toBe('whole')
  })

  it('follows no redirect and uses no cache, whatever its options', async () => {
    const { ask, send } = answering(() => new Response())
    await ask(URL_WITH_QUERY, { method: 'POST', redirect: 'follow' })
    const [, init] = send.mock.calls[0] ?? []
    expect(init).toMatchObject({ method: 'POST', redirect: 'manual', cache: 'no-store' })
  })

  it.each([
    ['a redirect', () => new Response(null, { status: 307, headers: { location: '/x' } })],
    ['what a browser shows of one', () => ({ type: 'opaqueredirect', status: 0 }) as Response],
  ])('refuses %s', async (_, response) => {
    const error = await failure(answering(response).ask(URL_WITH_QUERY))
    expect(error).toMatchObject({ code: 'ERR_REDIRECT_REFUSED' })
    expect(error.message).toContain('https://api.test/auth/login was')
  })

  it.each([
    ['is never answered', () => new Promise<Response>(() => undefined)],
    ['has an answer that stalls', () => new Response(stalled())],
    ['breaks', () => Promise.reject(new TypeError('fetch failed'))],
  ])('that %s says that the server was not reached, and shows no query', async (_, response) => {
    const error = await failure(answering(response).ask(URL_WITH_QUERY))
    expect(error).toMatchObject({
      code: 'ERR_SERVER_UNAVAILABLE',
      message: 'https://api.test/auth/login could not be reached, or did not answer in time.',
    })
    expect(isAnswerLost(error)).toBe(true)
  })

  it('that fails names the system’s code', async () => {
    const cause = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
    const broken = answering(() => Promise.reject(new TypeError('fetch failed', { cause })))
    expect((await failure(broken.ask(URL_WITH_QUERY))).message).toBe(
      'https://api.test/auth/login could not be reached (ECONNREFUSED), or did not answer in time.',
    )
  })

  it('ends when its own signal aborts', async () => {
    const { ask, send } = answering(() => new Promise<Response>(() => undefined))
    const signal = AbortSignal.abort(new DOMException('enough', 'AbortError'))
    expect(await failure(ask(URL_WITH_QUERY, { signal }))).toMatchObject({
      code: 'ERR_SERVER_UNAVAILABLE',
      cause: { message: 'enough' },
    })
    expect(send.mock.calls[0]?.[1]?.signal).toBe(signal)
  })

  it('whose answer is a mebibyte or more is cancelled, and the answer counts as lost', async () => {
    const canceled = vi.fn<() => void>()
    const endless = () =>
      new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
        cancel: canceled,
      })
    const ask = ownFetch({ fetch: () => Promise.resolve(new Response(endless())) })
    const error = await failure(ask(URL_WITH_QUERY))
    expect(error).toMatchObject({ code: 'ERR_UNUSABLE_TOKEN' })
    expect(isAnswerLost(error)).toBe(true)
    expect(canceled).toHaveBeenCalledOnce()
  })

  it.each([1_500.5, 1e15])('takes %d ms for a time limit', async (renewTimeoutMs) => {
    const ask = ownFetch({ fetch: () => Promise.resolve(new Response('ok')), renewTimeoutMs })
    expect(await (await ask(URL_WITH_QUERY)).text()).toBe('ok')
  })

  it('goes to the global fetch of that moment when none is given', async () => {
    const ask = ownFetch({})
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('global')))
    expect(await (await ask(URL_WITH_QUERY)).text()).toBe('global')
    vi.unstubAllGlobals()
  })
})

it('a fetch option that is not a function is an error at once', () => {
  expect(() => ownFetch({ fetch: 'fetch' as never })).toThrow('`fetch` must be a function.')
})

describe('a server’s answer', () => {
  const secret = 'pä ss+(1)~'

  it.each([
    ['as it is', secret],
    ['as a form spells it', new URLSearchParams({ secret }).toString()],
    ['as encodeURIComponent spells it', encodeURIComponent(secret)],
    [
      'as a form spells it, with %20',
      new URLSearchParams({ secret }).toString().replace('+', '%20'),
    ],
  ])('shows no secret, spelt %s', (_, spelt) => {
    expect(redact(`no: ${spelt}!`, ['', secret]).replace('secret=', '')).toBe('no: [redacted]!')
  })

  it('shows no part of a secret that contains another secret', () => {
    expect(redact('no: ada-password', ['ada', 'ada-password'])).toBe('no: [redacted]')
  })

  it.each(['', 'null', '[1]', '"text"', '1', '<html>', '{"a":'])('is not an object: %s', (text) => {
    expect(readObject(text)).toEqual({})
  })

  it('is read if it is an object', () => {
    expect(readObject('{"a":{"b":1}}')).toEqual({ a: { b: 1 } })
  })

  it('keeps its Retry-After', () => {
    const busy = new Response('', { status: 503, headers: { 'retry-after': '3' } })
    expect(unavailable('busy', busy)).toMatchObject({
      code: 'ERR_SERVER_UNAVAILABLE',
      message: 'busy',
      retryAfterMs: 3_000,
    })
  })
})
