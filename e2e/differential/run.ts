import { registerAuth } from '@latchkey/axios'
import { bearer, createTokenManager, type TokenManager } from '@latchkey/core'
import { wrapFetch } from '@latchkey/fetch'
import { authHooks } from '@latchkey/ky'
import axios, { AxiosHeaders, type AxiosRequestConfig } from 'axios'
import ky, { type Options } from 'ky'
import nodeFetch, { Request as NodeFetchRequest } from 'node-fetch'
import * as undici from 'undici'
import { makeBody } from './bodies.ts'
import type { Call } from './call.ts'
import type { Exchange, Servers } from './server.ts'

/** What came of a call, as plain data. */
export interface Observation {
  exchanges: Exchange[]
  result: Record<string, unknown>
  /** How often each function of the caller's was called. */
  calls: Record<string, number>
}

export type Who = 'bare' | 'registered'

/** Makes the call by the bare client, which sends the token as a header of its own, or by the registered one. */
export async function observe(
  call: Call,
  who: Who,
  servers: Servers,
  id: string,
): Promise<Observation> {
  const calls: Record<string, number> = {}
  const run = `${id} ${who}`
  const world: World = {
    call,
    who,
    servers,
    run,
    count: (name) => void (calls[name] = (calls[name] ?? 0) + 1),
    manager: await managerFor(call, servers),
  }
  const send = call.client.startsWith('axios') ? byAxios : call.client === 'ky' ? byKy : byFetch
  const result = await send(world).catch(describeError)
  return { exchanges: servers.take(run), result, calls }
}

interface World {
  call: Call
  who: Who
  servers: Servers
  run: string
  count(name: string): void
  manager: TokenManager
}

async function managerFor({ mode }: Call, { api, foreign }: Servers): Promise<TokenManager> {
  const request = () =>
    new Promise((resolve) => setImmediate(resolve)).then(() => ({ accessToken: 'good' }))
  const manager = createTokenManager({
    origin: mode === 'foreign' ? foreign : api,
    scheme: bearer(),
    grants: [{ name: 'sign-in', request }],
  })
  if (mode === 'fresh') await manager.setTokens({ accessToken: 'good' })
  if (mode === 'dead') await manager.setTokens({ accessToken: 'dead' })
  return manager
}

const addressOf = ({ call, servers }: World) => `${servers.api}/x/${call.answer}${call.query}`

/** The caller's headers; the bare client's token among them. */
function headersOf({ call, who, run }: World): Record<string, string> {
  const isSignedIn = call.mode !== 'foreign' && who === 'bare' && !('authorization' in call.headers)
  return { 'x-run': run, ...call.headers, ...(isSignedIn && { authorization: 'Bearer good' }) }
}

function signalOf({ call }: World): AbortSignal | undefined {
  if (call.abort === 'never') return undefined
  const controller = new AbortController()
  const abort = () => controller.abort(new Error('the caller’s own reason'))
  if (call.abort === 'before') abort()
  else queueMicrotask(abort)
  return controller.signal
}

const asText = (bytes: ArrayBuffer | Uint8Array) =>
  Buffer.from(bytes as ArrayBuffer).toString('latin1')

async function describeResponse(response: Response): Promise<Record<string, unknown>> {
  const { status, statusText, redirected, ok } = response
  const url = response.url.replaceAll(/:\d{4,5}/g, ':PORT')
  const headers = Object.fromEntries([...response.headers].filter(([name]) => !PASSING.has(name)))
  const body = await response
    .arrayBuffer()
    .then(asText, (error: Error) => `${error.name}: ${error.message}`)
  return { status, statusText, redirected, ok, url, headers, body }
}

const PASSING = new Set(['date', 'connection', 'keep-alive'])

function describeError(error: unknown): Record<string, unknown> {
  if (typeof error !== 'object' || error === null) return { thrown: String(error) }
  const { name, message, code, response } = error as Record<string, unknown>
  const { status } = (response ?? {}) as { status?: number }
  const isFramed = message === 'fetch failed' // what is behind it differs by a reason of ours
  return {
    error: name,
    message,
    code: isFramed ? undefined : code,
    status,
    keys: Object.keys(error).toSorted().join(),
  }
}

const fetches = {
  fetch: { send: globalThis.fetch, Request: globalThis.Request, Headers: globalThis.Headers },
  'fetch of undici': { send: undici.fetch, Request: undici.Request, Headers: undici.Headers },
  'node-fetch': { send: nodeFetch, Request: NodeFetchRequest, Headers: globalThis.Headers },
}

async function byFetch(world: World): Promise<Record<string, unknown>> {
  const { call, who, manager, count } = world
  const maker = fetches[call.client as keyof typeof fetches] as unknown as {
    send: typeof fetch
    Request: typeof Request
    Headers: typeof Headers
  }
  const own = call.client === 'fetch' ? {} : { fetch: maker.send }
  const send = who === 'bare' ? maker.send : wrapFetch(manager, own)
  const body = makeBody(call.body)
  const record = headersOf(world)
  const headers =
    call.headersAs === 'Headers'
      ? new maker.Headers(record)
      : call.headersAs === 'entries'
        ? Object.entries(record)
        : record
  const signal = signalOf(world)
  const init = {
    headers,
    ...(call.method !== undefined && { method: call.method }),
    ...(body.value !== undefined && { body: body.value, duplex: 'half' }),
    ...(call.redirect && { redirect: call.redirect }),
    ...(signal && { signal }),
  } as RequestInit
  const url = addressOf(world)
  const args = argumentsOf(call, url, init, maker.Request, count)
  const promise = send(...args)
  if (call.changes) {
    body.change()
    if (headers instanceof maker.Headers) headers.set('x-own', 'changed')
    else if (!Array.isArray(headers)) headers['x-own'] = 'changed'
  }
  return describeResponse(await promise)
}

function argumentsOf(
  { form }: Call,
  url: string,
  init: RequestInit,
  Maker: typeof Request,
  count: World['count'],
): Parameters<typeof fetch> {
  if (form === 'URL') return [new URL(url), init]
  if (form === 'Request') return [new Maker(url, init)]
  if (form === 'Request and options') {
    const { body, headers, ...rest } = init
    const first = new Maker(url, { ...rest, ...(body && { body: 'of the request' }) })
    return [first, { headers: headers ?? {}, ...(body && { body }), duplex: 'half' } as RequestInit]
  }
  if (form === 'Request as options') return [url, new Maker(`${url}&other`, init)]
  if (form === 'inherited') return [url, Object.create(init) as RequestInit]
  if (form === 'getters') {
    const counted: RequestInit = {}
    for (const [name, value] of Object.entries(init)) {
      const get = () => (count(`get ${name}`), value as unknown)
      Object.defineProperty(counted, name, { get, enumerable: true })
    }
    return [url, counted]
  }
  return [url, init]
}

async function byKy(world: World): Promise<Record<string, unknown>> {
  const { call, who, manager, count } = world
  const client = who === 'bare' ? ky : ky.extend({ hooks: authHooks(manager) })
  const body = makeBody(call.body)
  const signal = signalOf(world)
  const isJson = call.body === 'object'
  const parameters = paramsOf(call)
  const options: Options = {
    retry: 0,
    throwHttpErrors: !call.anyStatus,
    headers: headersOf(world),
    ...(call.method !== undefined && { method: call.method }),
    ...(body.value !== undefined &&
      (isJson ? { json: body.value } : { body: body.value as BodyInit })),
    ...(call.redirect && { redirect: call.redirect }),
    ...(signal && { signal }),
    ...(parameters && { searchParams: parameters as URLSearchParams }),
    ...(call.hooks && {
      hooks: {
        beforeRequest: [
          ({ request }) => (count('beforeRequest'), request.headers.set('x-hook', '1')),
        ],
        afterResponse: [() => count('afterResponse')],
        beforeError: [({ error }) => (count('beforeError'), error)],
      },
    }),
  }
  const promise = client(addressOf(world), options)
  if (call.changes) body.change()
  return describeResponse(await promise)
}

function paramsOf({ params }: Call): object | undefined {
  if (params === 'object') return { page: 1, word: 'a b' }
  if (params === 'search parameters')
    return new URLSearchParams([
      ['a', '1'],
      ['a', '2 é'],
    ])
  if (params === 'nested') return { list: ['a', 'b'], of: { deep: true } }
  if (params === 'odd characters') return { q: `'"<>[]:$,;@ +%é` }
  return undefined
}

async function byAxios(world: World): Promise<Record<string, unknown>> {
  const { call, who, manager, count } = world
  const instance = axios.create()
  if (who === 'registered') registerAuth(instance, manager)
  const body = makeBody(call.body)
  const signal = signalOf(world)
  const params = paramsOf(call)
  const progress: number[] = []
  const config: AxiosRequestConfig = {
    url: addressOf(world),
    adapter: call.client === 'axios, http' ? 'http' : 'fetch',
    headers: call.headersAs === 'Headers' ? new AxiosHeaders(headersOf(world)) : headersOf(world),
    data: body.value,
    ...(call.method !== undefined && { method: call.method }),
    ...(params && { params }),
    ...(signal && { signal }),
    ...(call.timeout !== undefined && { timeout: call.timeout }),
    ...(call.responseType && { responseType: call.responseType }),
    ...(call.redirect === 'manual' && { maxRedirects: 0 }),
    ...(call.anyStatus && { validateStatus: null }),
    ...(call.hooks && {
      transformRequest: [
        (data: unknown) => (count('transformRequest'), data),
        ...[axios.defaults.transformRequest ?? []].flat(),
      ],
      transformResponse: [(data: unknown) => (count('transformResponse'), data)],
      paramsSerializer: {
        serialize: (given: object) => (count('serialize'), JSON.stringify(given)),
      },
      onUploadProgress: ({ loaded }) => void progress.push(loaded),
    }),
  }
  const promise = instance.request(config)
  if (call.changes) {
    body.change()
    if (params instanceof URLSearchParams) params.set('a', 'changed')
    else if (params) Object.assign(params, { page: 'changed' })
  }
  const response = await promise
  const { status, statusText, headers, data } = response
  return {
    status,
    statusText,
    headers: Object.fromEntries(
      Object.entries(Object.assign({}, headers)).filter(([name]) => !PASSING.has(name)),
    ),
    body: await textOf(data),
    keys: Object.keys(response).toSorted().join(),
    configKeys: Object.keys(response.config).toSorted().join(),
    isRising: progress.every((loaded, at) => at === 0 || loaded >= (progress[at - 1] ?? 0)),
    reached: progress.at(-1),
  }
}

async function textOf(data: unknown): Promise<string> {
  if (typeof data === 'string') return data
  if (data instanceof ArrayBuffer || ArrayBuffer.isView(data)) return asText(data as ArrayBuffer)
  const isStream =
    typeof (data as { pipe?: unknown } | null)?.pipe === 'function' ||
    data instanceof ReadableStream
  if (!isStream) return JSON.stringify(data)
  return new Response(data as BodyInit)
    .arrayBuffer()
    .then(asText, (error: Error) => `${error.name}: ${error.message}`)
}
