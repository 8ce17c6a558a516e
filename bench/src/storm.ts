import { type ClientName, clientNames, makeClient, makeManager } from './clients.ts'

export interface Storm {
  client: ClientName
  requests: number
  failures: number
  renewals: number
  sends: number
  ms: number
}

/** Many requests find their token dead at once. */
export async function measureStorm(requests: number): Promise<Storm[]> {
  const results: Storm[] = []
  for (const client of clientNames) {
    const { manager, renewals } = makeManager()
    let dead = ''
    let sends = 0
    const call = makeClient(
      client,
      (token) => {
        sends += 1
        return token === dead ? 401 : 200
      },
      manager,
    )
    await call()
    const before = renewals()
    dead = `Bearer token-${before}`
    sends = 0
    const start = performance.now()
    const settled = await Promise.allSettled(Array.from({ length: requests }, call))
    results.push({
      client,
      requests,
      failures: settled.filter(({ status }) => status === 'rejected').length,
      renewals: renewals() - before,
      sends,
      ms: performance.now() - start,
    })
  }
  return results
}
