import { LatchkeyError, type MaybePromise, type ResponseView } from '@latchkey/core'
import type {
  Authorization,
  Authorizer,
  AuthorizeRequest,
  RecoverOptions,
} from '@latchkey/core/adapter'

/** Who is told of the two calls that adapters make, right after each was made. */
export interface Observer {
  authorizing(request: AuthorizeRequest, result: MaybePromise<Authorization>): void
  recovering(
    authorization: Authorization,
    response: ResponseView | Response,
    options: RecoverOptions | undefined,
    result: MaybePromise<Authorization | undefined>,
  ): void
}

/** Where a manager keeps its tap. Registered, so that two copies of this package share one. */
const tapKey = Symbol.for('latchkey.timeline.tap')

interface Tap {
  /** Returns how to leave. */
  join(observer: Observer): () => void
}

type Tapped = Pick<Authorizer, 'authorize' | 'recover'> & { [tapKey]?: Tap }

/**
 * Tells `observer` of every call from now on. The first observer of a manager puts itself in front of its
 * two methods, which adapters look up at each call; when the last one leaves they are as they were.
 *
 * @returns Stops it.
 * @throws {LatchkeyError} `ERR_INVALID_OPTION` when the manager is frozen or sealed.
 */
export function tap(manager: Tapped, observer: Observer): () => void {
  if (!Object.isExtensible(manager)) {
    throw new LatchkeyError(
      'ERR_INVALID_OPTION',
      '`manager` must not be frozen or sealed: a timeline listens to its two methods.',
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
    // Who has wrapped them since keeps what he wrapped; with nobody to tell it only passes on.
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

/** Observers cannot steer: what one throws is reported on the console and goes no further. */
export function quietly(work: () => unknown): void {
  const report = (error: unknown) =>
    // oxlint-disable-next-line no-console -- the one place left to say it: nobody awaits an observer
    console.error('Latchkey: a listener of a timeline failed:', error)
  try {
    const result = work()
    if (result instanceof Promise) result.catch(report)
  } catch (error) {
    report(error)
  }
}
