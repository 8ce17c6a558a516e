import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { adapterContract, type AdapterSubject, type Call } from '@latchkey/testing/adapter-contract'
import { type ContractServers, startContractServers } from '@latchkey/testing/node'
import { afterAll, beforeAll, test } from 'vitest'
import {
  authorizedRequest,
  type Request,
  type RequestOptions,
} from '../fourth-adapter/src/authorized-request.ts'

/** Our adapter, in the words of the contract. */
const subject: AdapterSubject = {
  platform: { returnsRedirects: true },
  stream: (content) => Readable.from([Buffer.from(content)]),
  connect({ manager, baseUrl, timeoutMs, twice }) {
    const once = authorizedRequest(manager)
    const request = twice ? authorizedRequest(manager, once) : once
    return (path, call = {}) => send(request, () => under(baseUrl, path), call, timeoutMs)
  },
}

async function send(request: Request, url: () => string | URL, call: Call, timeoutMs = 60_000) {
  const limit = new AbortController()
  const expire = () => limit.abort(new DOMException('Time is up.', 'TimeoutError'))
  const timer = setTimeout(expire, timeoutMs)
  try {
    const signal = AbortSignal.any([limit.signal, ...(call.signal ? [call.signal] : [])])
    const result = await request(url(), { ...call, signal, ...bodyOf(call) } as RequestOptions)
    return { status: result.statusCode, text: await text(result.body), result }
  } catch (error) {
    return { result: error }
  } finally {
    clearTimeout(timer)
  }
}

/** undici's `request` has no base URL: this is what its users do instead. */
const under = (baseUrl: string, path: string): string | URL =>
  /^(\/(?![/\\])|[@.])/.test(path) ? baseUrl + path : new URL(path, baseUrl)

/** undici's `request` takes no search parameters. */
const bodyOf = ({ body, headers }: Call) =>
  body instanceof URLSearchParams
    ? {
        body: body.toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      }
    : {}

let servers: ContractServers
beforeAll(async () => {
  servers = await startContractServers()
})
afterAll(() => servers.close())

test.concurrent.for(adapterContract().map((one) => [one.name, one] as const))(
  'with an adapter of a user’s own %s',
  async ([, { run }], { expect }) => {
    await expect(run(subject, servers)).resolves.toBeUndefined()
  },
)
