import type { Hono } from 'hono'
import { createApp } from './app.ts'
import type { NocoDBControl } from './control.ts'
import { createControl } from './control.ts'
import { deferred } from './deferred.ts'
import type { NocoDBDoubleOptions } from './double-options.ts'
import { settingsFrom } from './double-options.ts'
import type { Fault, Faults } from './faults.ts'
import { createFaults, NetworkFault } from './faults.ts'
import type { Ledger } from './ledger.ts'
import { createLedger, credentialsOf, withoutSecrets } from './ledger.ts'
import { kindOf } from './request-kind.ts'
import type { ServerVersion } from './server-version.ts'
import type { World } from './world.ts'
import { createWorld } from './world.ts'

/** A NocoDB server that lives in this process. */
export interface NocoDBDouble {
  /** Which server generation it reproduces. */
  readonly version: ServerVersion
  /**
   * Answers a request in process. Takes what the platform's fetch takes, so it fits wherever a `fetch`
   * option is offered; the host does not matter, only the path. Rejects like fetch when the request is
   * aborted or a network fault was ordered.
   */
  readonly fetch: (input: Request | URL | string, init?: RequestInit) => Promise<Response>
  /** Changes the server from outside: users, revocations, faults, time; and says what it has seen. */
  readonly control: NocoDBControl
}

/**
 * Makes a NocoDB double: in process by its `fetch`, over HTTP with `listen()` from
 * `@latchkey/testing/node`, in MSW with `nocodbHandlers()` from `@latchkey/testing/msw`. All three may
 * serve the same double at once. It starts empty: the first user, signed up or added, is super admin.
 *
 * It answers what the real server answers, measured on 0.262.5, 0.265.1 and 0.301.3, with single-use
 * refresh cookies and oddities included; `'2026'` follows the source only.
 *
 * @throws TypeError when an option is wrong; the message names it.
 * @example
 * const double = createNocoDBDouble({ accessTokenLifetimeMs: 2000 })
 * double.control.addUser({ email: 'ada@example.com', password: 'correct horse' })
 * const response = await double.fetch('http://nocodb.test/api/v2/meta/bases')
 * // 401: nobody has signed in
 */
export function createNocoDBDouble(options: NocoDBDoubleOptions = {}): NocoDBDouble {
  const world = createWorld(settingsFrom(options))
  const app = createApp(world)
  const faults = createFaults()
  const ledger = createLedger()
  const house = { world, app, faults, ledger }

  return {
    version: world.settings.version,
    async fetch(input, init) {
      const request = new Request(input, init)
      const response = await untilAborted(serve(house, request), request.signal)
      return Object.defineProperty(response, 'url', { value: request.url, configurable: true })
    },
    control: createControl(world, faults, ledger),
  }
}

interface House {
  readonly world: World
  readonly app: Hono
  readonly faults: Faults
  readonly ledger: Ledger
}

async function serve({ world, app, faults, ledger }: House, request: Request): Promise<Response> {
  const { pathname } = new URL(request.url)
  const kind = kindOf(pathname)
  const at = world.now()
  const { method, headers } = request
  const path = withoutSecrets(pathname)
  const fault = faults.take(kind)
  const answered = (status: number) => {
    const credentials = credentialsOf(headers)
    ledger.record({ at, method, path, kind, status, credentials, fault: fault !== undefined })
  }

  await faults.pass(kind)
  if (fault !== undefined && typeof fault === 'object') {
    answered(fault.status)
    return faultAnswer(fault)
  }
  if (fault === 'network') {
    answered(0)
    throw new NetworkFault()
  }
  const response = await app.fetch(request)
  answered(fault === 'lost answer' ? 0 : response.status)
  if (fault === 'lost answer') throw new NetworkFault()
  return response
}

function faultAnswer({ status, body, headers }: Exclude<Fault, string>): Response {
  const init = headers === undefined ? { status } : { status, headers }
  if (body === undefined || body === null) return new Response(null, init)
  return typeof body === 'string' ? new Response(body, init) : Response.json(body, init)
}

/** Like a connection: an abort reaches the caller at once, and the server works on. */
async function untilAborted(answer: Promise<Response>, signal: AbortSignal): Promise<Response> {
  if (signal.aborted) throw signal.reason
  const aborted = deferred<never>()
  const abort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([answer, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
