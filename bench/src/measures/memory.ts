import { wrapFetch } from '@latchkey/fetch'
import { signedIn } from '../clients/latchkey.ts'
import { stubWorld } from '../worlds/world.ts'

/** Bytes of the heap, after a full collection. */
export interface Memory {
  /** A signed-in manager. */
  perManager: number
  /** A request under way, beyond what the bare client holds for it. */
  perRequest: number
  /** What 10,000 renewals leave behind, all together. */
  afterRenewals: number
}

const MANAGERS = 5_000
const REQUESTS = 5_000
const RENEWALS = 10_000

/** Needs `--expose-gc`. */
export async function measureMemory(): Promise<Memory> {
  return {
    perManager: await perManager(),
    perRequest: (await perRequest(true)) - (await perRequest(false)),
    afterRenewals: await afterRenewals(),
  }
}

/** Several collections: what finalizers and weak references let go of falls with a later one. */
async function heap(): Promise<number> {
  if (!globalThis.gc) throw new Error('Start Node with --expose-gc.')
  for (let n = 0; n < 4; n += 1) {
    await new Promise(setImmediate)
    globalThis.gc()
  }
  return process.memoryUsage().heapUsed
}

async function perManager(): Promise<number> {
  const { origin, tokens, renew } = stubWorld()
  const world = { ...stubWorld(), origin, tokens, renew }
  const make = (count: number) => Promise.all(Array.from({ length: count }, () => signedIn(world)))
  await make(100)
  const before = await heap()
  const managers = await make(MANAGERS)
  const after = await heap()
  return (after - before) / managers.length
}

async function perRequest(isOurs: boolean): Promise<number> {
  const world = stubWorld()
  const answers: (() => void)[] = []
  const silent: typeof fetch = (input, init) => {
    const request = new Request(input, init)
    return new Promise((resolve) => {
      answers.push(() => resolve(new Response(request.method)))
    })
  }
  const api = isOurs ? wrapFetch(await signedIn(world), { fetch: silent }) : silent
  const send = (count: number) => Array.from({ length: count }, () => api(`${world.origin}/items`))
  const early = send(100)
  const before = await heap()
  const waiting = send(REQUESTS)
  const after = await heap()
  for (const answer of answers) answer()
  await Promise.all([...early, ...waiting])
  return (after - before) / REQUESTS
}

async function afterRenewals(): Promise<number> {
  const manager = await signedIn(stubWorld())
  for (let n = 0; n < 1_000; n += 1) await manager.refresh()
  const before = await heap()
  for (let n = 0; n < RENEWALS; n += 1) await manager.refresh()
  return (await heap()) - before
}
