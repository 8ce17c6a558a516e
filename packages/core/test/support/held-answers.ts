import { untilAborted } from '../../src/adapter.ts'

/**
 * `send` with answers that a test holds back: the server has done as it was asked, and the client does not
 * know yet. A request that is aborted meanwhile loses its answer, as everywhere.
 *
 * @param path Which requests, by the end of their path.
 */
export function heldAnswers(send: typeof fetch, path: string) {
  const takers: ((release: () => void) => void)[] = []
  const held: typeof fetch = async (input, init) => {
    const response = await send(input, init)
    const { pathname } = new URL(input instanceof Request ? input.url : input)
    const take = pathname.endsWith(path) ? takers.shift() : undefined
    if (!take) return response
    const { promise, resolve } = Promise.withResolvers<Response>()
    take(() => resolve(response))
    return untilAborted(promise, init?.signal)
  }
  return {
    fetch: held,
    /** Holds the next answer back. Gives, once the server has answered, how to let it through. */
    holdNext: () => new Promise<() => void>((take) => takers.push(take)),
  }
}
