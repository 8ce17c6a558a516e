import { vi } from 'vitest'

/** Skips the interval between two questions to the server (RFC 8628), which no user has to wait out here. */
export async function atOnce<T>(work: () => Promise<T>): Promise<T> {
  const real = globalThis.setTimeout
  const short = vi.spyOn(globalThis, 'setTimeout')
  short.mockImplementation(((run: () => void, ms: number, ...more: unknown[]) =>
    real(run, ms === 5_000 ? 0 : ms, ...more)) as typeof setTimeout)
  return work().finally(() => short.mockRestore())
}
