import { inspect } from 'node:util'
import type { ManagerEvents, TokenManager } from '@latchkey/core'
import { authorizedFetch } from '@latchkey/core/adapter'
import { type CreatedTokensOptions, powerAuth } from '../../src/index.ts'
import { createPowerAuthDouble } from './power-auth-double.ts'

export const ORIGIN = 'https://bank.test'

/** A clock that stands until a test moves it. */
export function fakeClock(startAt = 1_700_000_000_000) {
  let now = startAt
  return { now: () => now, pass: (ms: number) => void (now += ms) }
}

type Options = CreatedTokensOptions<'possession' | 'possession_knowledge' | 'possession_biometry'>

/** A server with its own clock, and an app with an activation and a clock that may be wrong. */
export function startBank(more: Partial<Options> = {}) {
  const serverClock = fakeClock()
  const clock = fakeClock()
  const double = createPowerAuthDouble({ now: serverClock.now })
  const activation = { id: 'activation-1' as string | undefined }
  const requested: string[] = []
  const open = (options: Partial<Options> = {}) =>
    powerAuth<'possession' | 'possession_knowledge' | 'possession_biometry'>({
      origin: ORIGIN,
      fetch: double.fetch,
      clock,
      activationId: () => activation.id,
      createToken(name) {
        requested.push(name)
        return double.control.createToken(activation.id)
      },
      async removeToken(tokenId) {
        const response = await double.fetch(`${ORIGIN}/pa/v3/token/remove`, {
          method: 'POST',
          headers: { 'x-powerauth-authorization': 'PowerAuth signed-by-the-app' },
          body: JSON.stringify({ requestObject: { tokenId } }),
        })
        if (!response.ok) throw new Error(`The server answered ${response.status}.`)
      },
      ...more,
      ...options,
    })
  return { serverClock, clock, control: double.control, activation, requested, double, open }
}

/** `fetch` with the manager's token, in process. */
export function reader(manager: TokenManager, { double }: ReturnType<typeof startBank>) {
  const send = authorizedFetch(manager, double.fetch)
  return async (path = '/balance') => (await send(ORIGIN + path)).status
}

/** Resolves when everything has run that waits neither for time nor for a test. */
export const settled = () => new Promise((resolve) => setImmediate(resolve))

/** What `promise` rejects with. */
export async function failure(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  throw new Error('expected a rejection')
}

/** The names of what a manager announces. */
export function eventsOf(manager: TokenManager): string[] {
  const seen: string[] = []
  manager.on('renewed', ({ grant }) => seen.push(`renewed by ${grant}`))
  manager.on('signedOut', ({ reason }: ManagerEvents['signedOut']) => seen.push(`out: ${reason}`))
  return seen
}

/** Everything a person could see of `value`. */
export function printed(value: unknown): string {
  const cause = value instanceof Error ? `${value.stack} ${inspect(value.cause)}` : ''
  return `${inspect(value, { depth: 10, showHidden: true })} ${JSON.stringify(value)} ${cause}`
}
