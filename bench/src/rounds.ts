const ROUNDS = 25
const REQUESTS = 1_000

/** Times several calls in turns, so that what the machine does meanwhile hits all of them alike. */
export async function rounds<Name extends string>(
  calls: Record<Name, () => Promise<unknown>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(calls) as Name[]
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<
    Name,
    number[]
  >
  for (let round = -3; round < ROUNDS; round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const microseconds = await time(calls[name])
      if (round >= 0) times[name].push(microseconds) // the first rounds only warm up
    }
  }
  return times
}

/** Microseconds per request of a sequence of requests. */
async function time(call: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  for (let n = 0; n < REQUESTS; n += 1) await call()
  return ((performance.now() - start) * 1_000) / REQUESTS
}

export function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
