/** @returns the same number. @throws TypeError when it is not a positive number of whole seconds. */
export function wholeSeconds(name: string, ms: number): number {
  const seconds = ms / 1000
  if (!Number.isSafeInteger(seconds) || seconds < 1) {
    throw new TypeError(`${name} must be whole seconds in ms (1000, 2000, ...), got ${ms}`)
  }
  return ms
}

/** @returns the same number. @throws TypeError when it is not finite and above zero. */
export function positive(name: string, ms: number): number {
  if (Number.isFinite(ms) && ms > 0) return ms
  throw new TypeError(`${name} must be a finite number > 0, got ${ms}`)
}

/** @returns the same function. @throws TypeError when it is not one. */
export function clockFunction(now: () => number): () => number {
  if (typeof now === 'function') return now
  throw new TypeError('now must be a function')
}
