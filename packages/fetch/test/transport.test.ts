import { wrapFetch } from '@latchkey/fetch'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Api, startApi } from '../../testing/test/support/api.ts'

let api: Api
beforeEach(async () => {
  api = await startApi()
})
afterEach(async () => {
  vi.unstubAllGlobals()
  await api.close()
})

/** A fetch that answers with `responses` in turn and remembers what it was called with. */
function answering(...responses: (() => Response)[]) {
  const calls: { request: Request; init: RequestInit | undefined }[] = []
  const send: typeof fetch = async (input, init) => {
    calls.push({ request: new Request(input, init), init })
    return responses.shift()?.() ?? new Response('done')
  }
  return { calls, send }
}

const redirect = (location: string, status = 302) => {
  return () => new Response(null, { status, headers: { location } })
}
const denied = () => new Response('{"msg":"Invalid token"}', { status: 401 })

/** What the platform refuses as well is a TypeError, with our reason as its cause. */
const asThePlatform = { name: 'TypeError', cause: { code: 'ERR_REDIRECT_REFUSED' } }

describe('the fetch option', () => {
  test('sends both attempts, with the credential', async () => {
    const { calls, send } = answering(denied)
    const signedIn = wrapFetch(api.staleManager(), { fetch: send })
    expect((await signedIn(api.url)).status).toBe(200)
    const sent = calls.map(({ request }) => request.headers.get('xc-auth'))
    expect(sent).toEqual(['CANARY-stale', 'CANARY-1'])
  })

  test('skipAuth: true in the options sends a request unchanged, and its 401 renews nothing', async () => {
    const { calls, send } = answering(denied)
    const signedIn = wrapFetch(api.staleManager(), { fetch: send })
    expect((await signedIn(api.url, { skipAuth: true })).status).toBe(401)
    expect(calls.map(({ request }) => request.headers.get('xc-auth'))).toEqual([null])
    expect(api.renewals).toBe(0)
  })

  test("receives the caller's arguments unchanged for another origin", async () => {
    const args: unknown[] = []
    const send: typeof fetch = async (...given) => {
      args.push(...given)
      return new Response('done')
    }
    const init = { headers: { 'x-mine': '1' } }
    await wrapFetch(api.staleManager(), { fetch: send })('https://elsewhere.test/', init)
    expect(args[0]).toBe('https://elsewhere.test/')
    expect(args[1]).toBe(init)
  })

  test('receives options that only it knows, also with a Request', async () => {
    const { calls, send } = answering(denied)
    const init = { next: { revalidate: 60 }, headers: { 'x-mine': '1' } }
    await wrapFetch(api.staleManager(), { fetch: send })(new Request(api.url), init)
    expect(calls.map((call) => call.init)).toMatchObject([{ next: init.next }, { next: init.next }])
    expect(calls.map(({ request }) => request.headers.get('xc-auth'))).toEqual([
      'CANARY-stale',
      'CANARY-1',
    ])
  })

  test('is the current global fetch by default', async () => {
    const signedIn = wrapFetch(api.staleManager())
    const { send } = answering()
    vi.stubGlobal('fetch', send)
    expect(await (await signedIn(api.url)).text()).toBe('done')
    vi.unstubAllGlobals()
    expect(await (await signedIn(api.url)).json()).toEqual({ ok: true })
  })

  test('may accept only a Request: it receives one with the credential in it', async () => {
    const request = new Request(api.url)
    const sent: (string | null)[] = []
    const send = async (given: Request) => {
      sent.push(given.headers.get('xc-auth'))
      return new Response('done')
    }
    await wrapFetch(api.staleManager(), { fetch: send as typeof fetch })(request)
    expect(sent).toEqual(['CANARY-stale'])
    expect(request.headers.has('xc-auth')).toBe(false)
  })

  test("causes no copy of the caller's Request if it is the platform's own fetch", async () => {
    const { calls, send } = answering()
    const given: unknown[] = []
    vi.stubGlobal('fetch', (...args: Parameters<typeof fetch>) => {
      given.push(args[0])
      return send(...args)
    })
    const request = new Request(api.url, { headers: { 'x-mine': '1' } })
    await wrapFetch(api.staleManager())(request)
    expect(given).toEqual([request])
    const { headers } = calls[0]!.request
    expect([headers.get('xc-auth'), headers.get('x-mine')]).toEqual(['CANARY-stale', '1'])
    expect(request.headers.has('xc-auth')).toBe(false)
  })

  test.each([[() => fetch], ['fetch'], [{ fetchh: fetch }]])('is refused as %o', (options) => {
    expect(() => wrapFetch(api.staleManager(), options as never)).toThrow(/Known options: fetch\.$/)
  })

  test('already wrapped for the same manager, it is not wrapped again', async () => {
    const manager = api.staleManager()
    const once = wrapFetch(manager)
    expect(wrapFetch(manager, { fetch: once })).toBe(once)
  })

  test('wrapped for two managers of one origin, one credential is sent', async () => {
    const { calls, send } = answering()
    const inner = wrapFetch(api.staleManager(), { fetch: send })
    await wrapFetch(api.staleManager(), { fetch: inner })(api.url)
    expect(calls).toHaveLength(1)
    expect(calls[0]?.request.headers.get('xc-auth')).toBe('CANARY-stale')
  })
})

describe('a 401', () => {
  test('whose body breaks off is judged by its status', async () => {
    const broken = () => {
      const body = new ReadableStream({
        start: (controller) => controller.error(new Error('reset')),
      })
      return new Response(body, { status: 401 })
    }
    const { send } = answering(broken)
    expect((await wrapFetch(api.staleManager(), { fetch: send })(api.url)).status).toBe(200)
  })

  test('whose body never ends is judged by its status, and its body is cancelled', async () => {
    let isCancelled = false
    const endless = () => {
      const body = new ReadableStream({
        cancel() {
          isCancelled = true
        },
      })
      return new Response(body, { status: 401 })
    }
    const { send } = answering(endless)
    expect((await wrapFetch(api.staleManager(), { fetch: send })(api.url)).status).toBe(200)
    expect(isCancelled).toBe(true)
  })
})

test('a 401 from another name of the same machine is explained: no token was sent', async () => {
  const manager = api.staleManager()
  const url = api.url.replace('127.0.0.1', 'localhost')
  const send: typeof fetch = (_, init) => fetch(api.url, init) // wherever localhost leads here
  const named: typeof fetch = async (input, init) =>
    Object.defineProperty(await send(input, init), 'url', { value: url })
  const response = await wrapFetch(manager, { fetch: named })(url)
  expect(response.status).toBe(401)
  expect(manager.explain(response)?.code).toBe('ERR_OTHER_ORIGIN')
})

describe('isTokenRejected', () => {
  /** What it reads of a 401 whose body is `chunks`, and then nothing, without an end. */
  async function read(...chunks: string[]): Promise<string> {
    const body = new ReadableStream({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk))
      },
    })
    const { send } = answering(() => new Response(body, { status: 401 }))
    let text = ''
    const manager = api.staleManager({
      isTokenRejected: async (response) => {
        if (response.status === 401) text = await response.text()
        return response.status === 401
      },
    })
    expect((await wrapFetch(manager, { fetch: send })(api.url)).status).toBe(200)
    return text
  }

  test('reads at most 16 KiB, in pieces of any size', async () => {
    expect(await read('x'.repeat(100_000))).toBe('x'.repeat(16_384))
    expect(await read('x'.repeat(10_000), 'y'.repeat(10_000))).toBe(
      'x'.repeat(10_000) + 'y'.repeat(6_384),
    )
  })

  test('receives the start of a body that stalls', async () => {
    expect(await read('Invalid ', 'token')).toBe('Invalid token')
  })
})

describe('a redirect', () => {
  const signedIn = (send: typeof fetch) => wrapFetch(api.staleManager(), { fetch: send })

  test("is returned to the caller with redirect: 'manual'", async () => {
    const { calls, send } = answering(redirect('/next'))
    expect((await signedIn(send)(api.url, { redirect: 'manual' })).status).toBe(302)
    expect(calls).toHaveLength(1)
  })

  test("is refused by the platform with redirect: 'error'", async () => {
    const { calls, send } = answering()
    await signedIn(send)(api.url, { redirect: 'error' })
    expect(calls[0]?.request.redirect).toBe('error')
  })

  test('without a location is the answer', async () => {
    const { send } = answering(() => new Response(null, { status: 304 }))
    expect((await signedIn(send)(api.url)).status).toBe(304)
  })

  test('that was followed sets response.redirected', async () => {
    const { send } = answering(redirect('/next'))
    expect((await signedIn(send)(api.url)).redirected).toBe(true)
  })

  test('that never ends is refused after 20 hops', async () => {
    const { calls, send } = answering(...Array.from({ length: 50 }, () => redirect('/next')))
    await expect(signedIn(send)(api.url)).rejects.toMatchObject(asThePlatform)
    expect(calls).toHaveLength(21)
  })

  test.each(['file:///etc/passwd', 'data:text/plain,x', 'http://['])(
    'to %s is refused',
    async (to) => {
      const { send } = answering(redirect(to))
      await expect(signedIn(send)(api.url)).rejects.toMatchObject(asThePlatform)
    },
  )

  test('that a browser hides is refused', async () => {
    const opaque = () => Object.defineProperty(new Response(), 'type', { value: 'opaqueredirect' })
    const { send } = answering(opaque)
    await expect(signedIn(send)(api.url)).rejects.toMatchObject({ code: 'ERR_REDIRECT_REFUSED' })
  })

  test('that needs a stream a second time is refused', async () => {
    const { send } = answering(redirect('/next', 307))
    const body = new Blob(['once']).stream()
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit
    await expect(signedIn(send)(api.url, init)).rejects.toMatchObject(asThePlatform)
  })

  test('of a Request keeps its body, headers and method', async () => {
    const { calls, send } = answering(redirect('/next', 308))
    const headers = { 'content-type': 'text/plain', 'x-mine': '1' }
    await signedIn(send)(new Request(api.url, { method: 'PATCH', body: 'text', headers }))
    const [, { request } = {}] = calls
    expect([request?.url, request?.method]).toEqual([`${api.url}/next`, 'PATCH'])
    expect(Object.fromEntries(request?.headers ?? [])).toMatchObject(headers)
    expect(await request?.text()).toBe('text')
  })

  test('of a POST Request by 303 becomes a GET without body headers', async () => {
    const { calls, send } = answering(redirect('/next', 303))
    const headers = { 'content-type': 'text/plain', 'x-mine': '1' }
    await signedIn(send)(new Request(api.url, { method: 'POST', body: 'text', headers }))
    const [, { request } = {}] = calls
    expect([request?.method, request?.body]).toEqual(['GET', null])
    expect([request?.headers.get('content-type'), request?.headers.get('x-mine')]).toEqual([
      null,
      '1',
    ])
  })

  test('to another origin drops cookies and proxy credentials too', async () => {
    const { calls, send } = answering(redirect('https://elsewhere.test/'))
    await signedIn(send)(api.url, {
      headers: { Cookie: 'a=1', 'Proxy-Authorization': 'x', 'x-a': '1' },
    })
    expect(Object.keys(calls[1]?.init?.headers ?? {})).toEqual([])
    expect([...(calls[1]?.request.headers ?? [])]).toEqual([['x-a', '1']])
  })
})

test('a no-cors request goes out unchanged, because a browser accepts no headers for it', async () => {
  const { calls, send } = answering()
  await wrapFetch(api.staleManager(), { fetch: send })(api.url, { mode: 'no-cors' })
  expect(calls[0]?.request.redirect).toBe('follow')
  expect(api.renewals).toBe(0)
})

describe('the 401 of a test double', () => {
  test.each([
    ['without headers and body', () => ({ status: 401 })],
    ['with headers in a plain object', () => ({ status: 401, headers: { a: 'b' } })],
    ['with a body that another reader has', locked],
  ])('%s is renewed and replayed', async (_, denying) => {
    const { send } = answering(denying as () => Response)
    const signedIn = wrapFetch(api.staleManager(), { fetch: send })
    expect((await signedIn(api.url)).status).toBe(200)
  })

  function locked() {
    const response = denied()
    response.body?.getReader()
    return response
  }
})

test('skipAuth of Object.prototype is not the option of a request', async () => {
  const { calls, send } = answering()
  const polluted = Object.prototype as { skipAuth?: boolean }
  polluted.skipAuth = true
  try {
    await wrapFetch(api.staleManager(), { fetch: send })(api.url)
    await wrapFetch(api.staleManager(), { fetch: send })(api.url, { headers: { 'x-mine': '1' } })
  } finally {
    delete polluted.skipAuth
  }
  expect(calls.map(({ request }) => request.headers.get('xc-auth'))).not.toContain(null)
})

describe('the referrer of a Request', () => {
  const policy = { referrer: 'about:client', referrerPolicy: 'no-referrer' } as const

  test.each(['GET', 'POST'])('stays what it is for %s, with both attempts', async (method) => {
    const { calls, send } = answering(denied)
    const body = method === 'POST' ? 'x' : null
    const request = new Request(api.url, { method, body, ...policy })
    await wrapFetch(api.staleManager(), { fetch: send })(request)
    const sent = calls.map((call) => call.request.referrerPolicy)
    expect(sent).toEqual(['no-referrer', 'no-referrer'])
  })

  test('stays what it is without a fetch of your own', async () => {
    const { calls, send } = answering(denied)
    vi.stubGlobal('fetch', send)
    await wrapFetch(api.staleManager())(new Request(api.url, policy))
    expect(calls[0]?.request.referrerPolicy).toBe('no-referrer')
  })
})
