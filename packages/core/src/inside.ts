interface AsyncContext {
  run<T>(value: true, work: () => T): T
  getStore(): true | undefined
}

/**
 * Tells a grant's own requests from everybody else's, so that a grant may use the very client that is
 * registered: its requests pass untouched instead of waiting for the renewal they belong to.
 *
 * Every server runtime has AsyncLocalStorage. Where there is none (browsers), the grant says so by
 * passing the `signal` it was given on to its request.
 */
export function createInside() {
  let context: AsyncContext | undefined
  return {
    enter<T>(work: () => T): T {
      context ??= newAsyncContext()
      return context ? context.run(true, work) : work()
    },
    isInside: (): boolean => context?.getStore() === true,
  }
}

function newAsyncContext(): AsyncContext | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?: (id: string) => { AsyncLocalStorage: new () => AsyncContext } }
  }
  const hooks = process?.getBuiltinModule?.('node:async_hooks')
  return hooks && new hooks.AsyncLocalStorage()
}
