/** One grant at work. Its requests inherit it, which tells them from all others. */
export interface Passage {
  /** False once the grant has answered, or its time is up. */
  isOpen: boolean
}

interface AsyncContext {
  run<T>(value: Passage, work: () => T): T
  getStore(): Passage | undefined
  disable(): void
}

/**
 * Tells a grant's own requests from all others, so that a grant may use the very client that is
 * registered: its requests pass untouched instead of waiting for the renewal they belong to.
 *
 * Every server runtime has AsyncLocalStorage. Where there is none (browsers), the grant says so by
 * passing the `signal` it was given on to its request.
 *
 * Up to Node 22 a context that was ever entered makes every promise of the process slower until it is
 * disabled, and every new one leaves a little behind: so there is one, disabled while no grant is at work.
 */
export class Inside {
  #context: AsyncContext | undefined = undefined
  /** While grants are at work. */
  #bySignal: Map<AbortSignal, Passage> | undefined = undefined
  #open = 0

  async enter<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    this.#context ??= newAsyncContext()
    const context = this.#context
    const passage: Passage = { isOpen: true }
    const leave = () => {
      if (passage.isOpen) this.#open -= 1
      passage.isOpen = false
      if (this.#open > 0) return
      this.#bySignal = undefined
      disable(context)
    }
    this.#open += 1
    this.#bySignal ??= new Map()
    this.#bySignal.set(signal, passage)
    signal.addEventListener('abort', leave, { once: true }) // a grant may never settle
    try {
      return await (context ? context.run(passage, work) : work())
    } finally {
      signal.removeEventListener('abort', leave)
      leave()
    }
  }

  /**
   * The grant that the caller works for, if any.
   *
   * @param signal What the caller listens to.
   */
  current(signal?: AbortSignal | null): Passage | undefined {
    if (this.#open === 0) return undefined
    const passage = (signal && this.#bySignal?.get(signal)) ?? this.#context?.getStore()
    return passage?.isOpen ? passage : undefined
  }
}

/** Cloudflare's workers have the method and refuse it; their contexts cost nothing while no grant is at work. */
function disable(context: AsyncContext | undefined): void {
  try {
    context?.disable()
  } catch {
    // nothing to disable
  }
}

function newAsyncContext(): AsyncContext | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?: (id: string) => { AsyncLocalStorage: new () => AsyncContext } }
  }
  const hooks = process?.getBuiltinModule?.('node:async_hooks')
  return hooks && new hooks.AsyncLocalStorage()
}
