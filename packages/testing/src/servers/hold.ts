/** A gate that requests wait at until a test opens it. */
export interface Gate {
  /** Resolves when `count` requests stand at the gate. */
  whenWaiting(count: number): Promise<void>
  release(): void
  /** What a request awaits. */
  pass(): Promise<void>
}

export function createGate(): Gate {
  const { promise: opened, resolve: release } = Promise.withResolvers<void>()
  const watchers: { count: number; resolve: () => void }[] = []
  let waiting = 0
  return {
    release,
    whenWaiting: (count) =>
      new Promise((resolve) => {
        if (waiting >= count) resolve()
        else watchers.push({ count, resolve })
      }),
    async pass() {
      waiting += 1
      for (const { count, resolve } of watchers) if (waiting >= count) resolve()
      await opened
    },
  }
}
