import { redact } from './redact.ts'

const brand = Symbol.for('latchkey.error')

/** Every code core itself uses; services add their own. One row each in `docs/errors.md`. */
export type LatchkeyErrorCode =
  | 'ERR_INVALID_OPTION'
  | 'ERR_UNUSABLE_TOKEN'
  | 'ERR_SIGN_IN_REQUIRED'
  | 'ERR_GRANT_REJECTED'
  | 'ERR_USER_ACTION_REQUIRED'
  | 'ERR_API_TOKEN_REJECTED'
  | 'ERR_FRESH_TOKEN_REJECTED'
  | 'ERR_BODY_NOT_REPLAYABLE'
  | 'ERR_RENEWAL_UNAVAILABLE'
  | 'ERR_RENEWAL_TIMEOUT'
  | 'ERR_RENEWAL_RECURSION'
  | 'ERR_SESSION_CHANGED'
  | 'ERR_REDIRECT_REFUSED'
  | 'ERR_STORE_FAILED'
  | 'ERR_SCHEME_FAILED'
  | 'ERR_OTHER_ORIGIN'
  | 'ERR_OWN_CREDENTIAL'
  | 'ERR_DISPOSED'

/** What an error may know besides its code and message. */
export interface LatchkeyErrorOptions {
  /** Why. Clients' own errors, which hold requests and their secrets, are replaced by a summary. */
  cause?: unknown
  /** How long the server asked us to wait, in milliseconds, when it said so. */
  retryAfterMs?: number | undefined
  /** The status of the server's answer, where one is the reason. */
  status?: number | undefined
  /** That answer, parsed where it is JSON, without secrets: what is wrong with which field, say. */
  body?: unknown
}

/**
 * The one kind of error Latchkey throws. `code` is stable and made for `switch`; `message` says what
 * happened, what was tried and what to do, and never holds a token or a password.
 */
export class LatchkeyError extends Error {
  /** `'LatchkeyError'`. */
  override name = 'LatchkeyError'
  /** What happened: a code of core or of a service, all in `docs/errors.md`. */
  readonly code: LatchkeyErrorCode | (string & {})
  /** How long the server asked us to wait, in milliseconds, when it said so. */
  declare readonly retryAfterMs?: number
  /** The status of the server's answer, where one is the reason. */
  declare readonly status?: number
  /** That answer, parsed where it is JSON, without secrets. */
  declare readonly body?: unknown

  /** Makes one. Its `cause` is shown without secrets. */
  constructor(
    code: LatchkeyErrorCode | (string & {}),
    message: string,
    options: LatchkeyErrorOptions = {},
  ) {
    super(message, 'cause' in options ? { cause: withoutSecrets(options.cause, []) } : undefined)
    this.code = code
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs
    if (options.status !== undefined) this.status = options.status
    if (options.body !== undefined) this.body = options.body
  }

  /** @internal Tells one of another copy of this package. */
  get [brand](): true {
    return true
  }
}

/**
 * Thrown by a grant to say a definite no: these credentials will not work, however often they are
 * presented. The manager goes on to the next grant of the chain. Anything else a grant throws means
 * "unavailable": the session is kept and the renewal is tried again.
 */
export class GrantRejectedError extends LatchkeyError {
  /** `'GrantRejectedError'`. */
  override name = 'GrantRejectedError'

  /**
   * Makes one, to be thrown by a grant.
   *
   * @param options.cause Why. Shown without secrets.
   * @param options.code Default: `ERR_GRANT_REJECTED`. A code of your own reaches the caller as it is.
   * @param options.status, options.body The server's answer, without secrets.
   */
  constructor(message: string, options: LatchkeyErrorOptions & { code?: string } = {}) {
    super(options.code ?? 'ERR_GRANT_REJECTED', message, options)
  }
}

/**
 * Thrown by a grant to say "not now": the user has to do something first, such as accept new terms. The session is
 * kept, and no grant is asked again until `refresh()`, `setTokens()` or a change in the store. Requests whose token is
 * still good go out; the others reject with this error, which the `renewalFailed` event carries as well.
 */
export class GrantDeferredError extends LatchkeyError {
  /** `'GrantDeferredError'`. */
  override name = 'GrantDeferredError'

  /**
   * Makes one, to be thrown by a grant.
   *
   * @param message What the user has to do.
   * @param options.code Default: `ERR_USER_ACTION_REQUIRED`. A code of your own reaches the caller as it is.
   * @param options.status, options.body The server's answer, without secrets.
   */
  constructor(message: string, options: LatchkeyErrorOptions & { code?: string } = {}) {
    super(options.code ?? 'ERR_USER_ACTION_REQUIRED', message, options)
  }
}

/** Whether `value` is an error, also of another realm, as in a test runner's sandbox. */
const isError = (value: unknown): value is Error =>
  value instanceof Error ||
  /^\[object (Error|DOMException)\]$/.test(Object.prototype.toString.call(value))

/** Whether `value` is a `LatchkeyError`, also one from another copy of this package. */
export function isLatchkeyError(value: unknown): value is LatchkeyError {
  return isError(value) && (value as { [brand]?: boolean })[brand] === true
}

/** An error and its causes, or whatever else was thrown; eight at most, so that a circle ends. */
export function* causesOf(thrown: unknown): Generator<object> {
  let current = thrown
  for (let depth = 0; depth < 8 && typeof current === 'object' && current; depth += 1) {
    yield current
    current = (current as { cause?: unknown }).cause
  }
}

/** Whether a grant's error is its definite no. */
export function isRejection(error: unknown): error is GrantRejectedError {
  return isLatchkeyError(error) && error.name === 'GrantRejectedError'
}

/** Whether a grant's error is its "not now". */
export function isDeferral(error: unknown): error is GrantDeferredError {
  return isLatchkeyError(error) && error.name === 'GrantDeferredError'
}

/** Marks a summary, which is not made again. Registered, so that two copies of core agree. */
const summaryKey = Symbol.for('latchkey.summary')
/** How deep causes are followed, and how many of several errors are kept. */
const MAX_DEPTH = 3
const MAX_ERRORS = 10
/** What a name, or a code, looks like. Anything else may be text of any kind. */
const WORD = /^[\w.$-]{1,64}$/

/**
 * An error made fit to be a `cause`: an error of our own itself, with a cause that is fit, unless it shows one of
 * `secrets`; any other as a summary of its name, code, status, message and causes. Clients' own errors carry the request they failed with (an
 * `AxiosError` shows the posted password under `util.inspect`), and what any property of them holds is unknown.
 */
export function withoutSecrets(
  error: unknown,
  secrets: readonly string[],
  depth = MAX_DEPTH,
): unknown {
  if (!isError(error)) return redact(wordsOf(error), secrets)
  const inner = (one: unknown) =>
    one === undefined || depth === 0 ? undefined : withoutSecrets(one, secrets, depth - 1)
  const cause = inner(error.cause)
  const isOwn = isLatchkeyError(error) || summaryKey in error
  if (isOwn && !Object.isFrozen(error) && !shows(error, secrets)) {
    if (cause !== error.cause)
      Object.defineProperty(error, 'cause', { value: cause, configurable: true })
    return error
  }
  const summary = new Error(redact(error.message, secrets), cause === undefined ? {} : { cause })
  const { name, code, status, errors } = error as {
    name: unknown
    code?: unknown
    status?: unknown
    errors?: unknown
  }
  const word = (value: unknown) =>
    typeof value === 'string' && WORD.test(value) && redact(value, secrets) === value
  Object.defineProperties(summary, {
    name: { value: word(name) ? name : 'Error', configurable: true },
    [summaryKey]: { value: true },
  })
  if (error.stack !== undefined) summary.stack = redact(error.stack, secrets)
  return Object.assign(
    summary,
    word(code) && { code },
    typeof status === 'number' && { status },
    Array.isArray(errors) && { errors: errors.slice(0, MAX_ERRORS).map(inner) },
  )
}

/** The message of what was thrown. What is not an error may be an object, which may hold anything. */
export function wordsOf(thrown: unknown): string {
  if (isError(thrown)) return thrown.message
  return Object(thrown) === thrown ? 'An object was thrown.' : String(thrown)
}

/** Whether one of our own errors shows a secret, or anything but plain values. */
function shows(error: Error, secrets: readonly string[]): boolean {
  const { body, ...values } = Object.fromEntries(Object.entries(error))
  const all: unknown[] = [error.message, error.stack, textOf(body), ...Object.values(values)].flat()
  return all.some((value) => {
    if (typeof value !== 'object' || value === null)
      return redact(String(value), secrets) !== String(value)
    return !(summaryKey in value)
  })
}

/** An object where it has none, since nobody knows what it would show. */
function textOf(body: unknown): unknown {
  try {
    return JSON.stringify(body)
  } catch {
    return {}
  }
}
