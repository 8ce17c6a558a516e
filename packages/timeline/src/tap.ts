import { LatchkeyError, type MaybePromise, type ResponseView } from '@latchkey/core'
import type {
  Authorization,
  Authorizer,
  AuthorizeRequest,
  RecoverOptions,
} from '@latchkey/core/adapter'

/** Receives the two calls that adapters make, right after each of them. */
export interface Observer {
  authorizing(request: AuthorizeRequest, result: MaybePromise<Authorization>): void
  recovering(
    authorization: Authorization,
    response: ResponseView | Response,
    options: RecoverOptions | undefined,
    result: MaybePromise<Authorization | undefined>,
  ): void
}

/** The key under which a manager keeps its tap. A registered symbol, so that two copies of this package share one. */
const tapKey = Symbol.for('latchkey.timeline.tap')

interface Tap {
  /** Adds an observer. Returns a function that removes it. */
  join(observer: Observer): () => void
}

type Tapped = Pick<Authorizer, 'authorize' | 'recover'> & { [tapKey]?: Tap }

/**
 * Reports every call from now on to `observer`. The first observer of a manager replaces its two methods, which
 * adapters look up at each call. When the last one is removed, the manager has its own methods again.
 *
 * @returns A function that removes the observer.
 * @throws {LatchkeyError} `ERR_INVALID_OPTION` when the manager is frozen or sealed.
 */
export function tap(manager: Tapped, observer: Observer): () => void {
  if (!Object.isExtensible(manager)) {
    throw new LatchkeyError(
      'ERR_INVALID_OPTION',
      '`manager` must not be frozen or sealed, because a timeline replaces two of its methods.',
    )
  }
  return (manager[tapKey] ?? openTap(manager)).join(observer)
}

function openTap(manager: Tapped): Tap {
  const observers = new Set<Observer>()
  const plain = { authorize: manager.authorize, recover: manager.recover }
  const tell = (say: (observer: Observer) => void) => {
    for (const observer of observers) quietly(() => say(observer))
  }
  const tapped: Pick<Authorizer, 'authorize' | 'recover'> = {
    authorize(request) {
      const result = plain.authorize.call(manager, request)
      tell((observer) => observer.authorizing(request, result))
      return result
    },
    recover(authorization, response, options) {
      const result = plain.recover.call(manager, authorization, response, options)
      tell((observer) => observer.recovering(authorization, response, options, result))
      return result
    },
  }
  const close = () => {
    // If other code has wrapped the methods since, that wrapper stays. Without observers our method only passes calls on.
    if (manager.authorize === tapped.authorize) manager.authorize = plain.authorize
    if (manager.recover === tapped.recover) manager.recover = plain.recover
    delete manager[tapKey]
  }
  const opened: Tap = {
    join(observer) {
      observers.add(observer)
      return () => {
        if (observers.delete(observer) && observers.size === 0) close()
      }
    },
  }
  Object.assign(manager, tapped)
  Object.defineProperty(manager, tapKey, { value: opened, configurable: true })
  return opened
}

/** Runs `work` of an observer. If it throws, the console shows the error and the manager goes on. */
export function quietly(work: () => unknown): void {
  const report = (error: unknown) =>
    // oxlint-disable-next-line no-console -- no caller awaits an observer, so this is the only place left
    console.error('Latchkey: a listener of a timeline failed:', error)
  try {
    const result = work()
    if (result instanceof Promise) result.catch(report)
  } catch (error) {
    report(error)
  }
}
