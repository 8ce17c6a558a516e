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
 * Each grant gets a context of its own, which ends with it: up to Node 22 every context that was ever
 * entered makes every promise of the process slower until it is disabled.
 */
export function createInside() {
  const active = new Set<AsyncContext>()

  async function enter<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const context = newAsyncContext()
    if (!context) return work()
    const leave = () => {
      active.delete(context)
      context.disable()
    }
    active.add(context)
    signal.addEventListener('abort', leave, { once: true }) // a grant may never settle
    try {
      return await context.run(true, work)
    } finally {
      signal.removeEventListener('abort', leave)
      leave()
    }
  }

  function isInside(): boolean {
    for (const context of active) if (context.getStore()) return true
    return false
  }

  return { enter, isInside }
}

function newAsyncContext(): AsyncContext | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?: (id: string) => { AsyncLocalStorage: new () => AsyncContext } }
  }
  const hooks = process?.getBuiltinModule?.('node:async_hooks')
  return hooks && new hooks.AsyncLocalStorage()
}
