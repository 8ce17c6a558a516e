/** A gate that requests wait at until a test opens it. */
export interface Hold {
  /** Resolves when `count` requests stand at the gate. */
  whenWaiting(count?: number): Promise<void>
  release(): void
  /** What a request awaits. */
  pass(): Promise<void>
}

export function createHold(): Hold {
  let release = () => {}
  const opened = new Promise<void>((resolve) => {
    release = resolve
  })
  const watchers: { count: number; resolve: () => void }[] = []
  let waiting = 0
  return {
    release,
    whenWaiting: (count = 1) =>
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
