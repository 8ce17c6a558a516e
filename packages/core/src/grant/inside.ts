interface AsyncContext {
  run<T>(value: true, work: () => T): T
  getStore(): true | undefined
  disable(): void
}

/**
 * Tells a grant's own requests from everybody else's, so that a grant may use the very client that is
 * registered: its requests pass untouched instead of waiting for the renewal they belong to.
 *
 * Every server runtime has AsyncLocalStorage. Where there is none (browsers), the grant says so by
 * passing the `signal` it was given on to its request.
 *
 * Up to Node 22 a context that was ever entered makes every promise of the process slower until it is
 * disabled, and every new one leaves a little behind: so there is one, disabled while nobody is inside.
 */
export function createInside() {
  let context: AsyncContext | undefined
  let entered = 0

  async function enter<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    context ??= newAsyncContext()
    if (!context) return work()
    let isInside = true
    const leave = () => {
      if (isInside) entered -= 1
      isInside = false
      if (entered === 0) disable(context)
    }
    entered += 1
    signal.addEventListener('abort', leave, { once: true }) // a grant may never settle
    try {
      return await context.run(true, work)
    } finally {
      signal.removeEventListener('abort', leave)
      leave()
    }
  }

  return { enter, isInside: (): boolean => entered > 0 && context?.getStore() === true }
}

/** Cloudflare's workers have the method and refuse it; their contexts cost nothing while nobody is inside. */
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
