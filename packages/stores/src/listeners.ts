type Listener = () => void

/** Tells the managers of one store what the store itself has changed. It does not hear of other processes. */
export class Listeners {
  readonly #all = new Set<{ name: string; listener: Listener }>()

  readonly subscribe = (name: string, listener: Listener): (() => void) => {
    const one = { name, listener }
    this.#all.add(one)
    return () => void this.#all.delete(one)
  }

  tell(name: string): void {
    for (const one of this.#all) if (one.name === name) one.listener()
  }
}
