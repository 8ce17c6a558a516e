import { type ManagerEvents } from '@latchkey/core'
import { type NocoDB, type NocoDBOptions, nocodb } from '@latchkey/nocodb'
import { type ConformanceTarget, type FreshServer, openTarget } from '../conformance/target.ts'

/** A fresh server and the time that goes with it: real, or as fast as a test says. */
export interface AcceptanceServer extends FreshServer {
  readonly now: () => number
}

export type AcceptanceTarget = ConformanceTarget & AcceptanceServer

/** One promise of Latchkey's, kept against a whole server. `run` rejects when it is broken. */
export interface AcceptanceCase {
  readonly name: string
  readonly run: (target: AcceptanceTarget) => Promise<void>
}

export async function openAcceptance(server: AcceptanceServer): Promise<AcceptanceTarget> {
  return { ...(await openTarget(server)), now: server.now }
}

/** A manager, with what it asked of the server and what it announced. */
export interface Observed {
  readonly noco: NocoDB
  /** Requests that went out for a sign-in or a refresh, whatever came of them. */
  readonly asked: { signIns: number; refreshes: number }
  readonly events: Record<Exclude<keyof ManagerEvents, 'changed' | 'renewing'>, number>
}

/** `nocodb()` for the target, watched from its own `fetch` and by its events. */
export function observe(
  { baseUrl, now }: AcceptanceTarget,
  options: Partial<NocoDBOptions> = {},
): Observed {
  const asked = { signIns: 0, refreshes: 0 }
  const watching: typeof fetch = (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input)
    if (pathname.endsWith('/user/signin')) asked.signIns += 1
    if (pathname.endsWith('/token/refresh')) asked.refreshes += 1
    return fetch(input, init)
  }
  const noco = nocodb({ baseUrl, clock: { now }, fetch: watching, ...options })
  const events = {
    renewed: 0,
    renewalFailed: 0,
    retried: 0,
    signedOut: 0,
    storeFailed: 0,
  }
  noco.on('renewed', () => (events.renewed += 1))
  noco.on('renewalFailed', () => (events.renewalFailed += 1))
  noco.on('retried', () => (events.retried += 1))
  noco.on('signedOut', () => (events.signedOut += 1))
  noco.on('storeFailed', () => (events.storeFailed += 1))
  return { noco, asked, events }
}

/** Lets every access token issued so far expire. */
export function outlive({ passTime, accessTokenLifetimeMs }: AcceptanceTarget): Promise<void> {
  return passTime(accessTokenLifetimeMs + 1000)
}
