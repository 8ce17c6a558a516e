/** One run of a grant. Its requests inherit this value, so that the manager recognises them. */
export interface Passage {
  /** False once the grant has answered or has reached its time limit. */
  isOpen: boolean
}

interface AsyncContext {
  run<T>(value: Passage, work: () => T): T
  getStore(): Passage | undefined
  disable(): void
}

/**
 * Recognises a grant's own requests, so that a grant may use the registered client. Its requests pass unchanged,
 * instead of waiting for the renewal that they belong to.
 *
 * Every server runtime has AsyncLocalStorage. In a browser, which has none, a grant must pass its `signal` to its
 * request.
 *
 * Up to Node 22, a context that was ever entered slows down every promise of the process until it is disabled, and
 * each new context leaves some memory behind. So there is only one context, and it is disabled while no grant
 * runs.
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
   * Returns the run of the grant that the caller belongs to, if any.
   *
   * @param signal The signal of the caller's request.
   */
  current(signal?: AbortSignal | null): Passage | undefined {
    if (this.#open === 0) return undefined
    const passage = (signal && this.#bySignal?.get(signal)) ?? this.#context?.getStore()
    return passage?.isOpen ? passage : undefined
  }
}

/** Disables the context. Cloudflare Workers throws here, but an unused context costs nothing there. */
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
