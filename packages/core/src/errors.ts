import { redact } from './redact.ts'

const brand = Symbol.for('latchkey.error')

/** Every code that core itself uses. Services add their own. Each has a row in `docs/errors.md`. */
export type LatchkeyErrorCode =
  | 'ERR_INVALID_OPTION'
  | 'ERR_UNUSABLE_TOKEN'
  | 'ERR_SIGN_IN_REQUIRED'
  | 'ERR_GRANT_REJECTED'
  | 'ERR_USER_ACTION_REQUIRED'
  | 'ERR_API_TOKEN_REJECTED'
  | 'ERR_FRESH_TOKEN_REJECTED'
  | 'ERR_REPLAY_TOO_LATE'
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

/** What an error may contain besides its code and message. */
export interface LatchkeyErrorOptions {
  /** The cause. Clients' own errors contain requests and their secrets, so a summary replaces them. */
  cause?: unknown
  /** How long the server asked us to wait, in milliseconds, if it did. */
  retryAfterMs?: number | undefined
  /** The status of the server's answer, if an answer is the reason. */
  status?: number | undefined
  /** That answer without secrets, parsed if it is JSON. It may name the invalid field, for example. */
  body?: unknown
}

/**
 * The only kind of error that Latchkey throws. `code` is stable and made for `switch`. `message` says what
 * happened, what was tried and what to do. It never contains a token or a password.
 */
export class LatchkeyError extends Error {
  /** `'LatchkeyError'`. */
  override name = 'LatchkeyError'
  /** Says what happened: a code of core or of a service. All are in `docs/errors.md`. */
  readonly code: LatchkeyErrorCode | (string & {})
  /** How long the server asked us to wait, in milliseconds, if it did. */
  declare readonly retryAfterMs?: number
  /** The status of the server's answer, if an answer is the reason. */
  declare readonly status?: number
  /** That answer without secrets, parsed if it is JSON. */
  declare readonly body?: unknown

  /** Creates an error. Its `cause` is shown without secrets. */
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

  /** @internal Recognises an error from another copy of this package. */
  get [brand](): true {
    return true
  }
}

/**
 * Thrown by a grant for a definite no: these credentials will never work. The manager then asks the next grant of
 * the chain. Any other error of a grant, except a `GrantDeferredError`, means "unavailable": the session is kept and the
 * renewal is tried again.
 */
export class GrantRejectedError extends LatchkeyError {
  /** `'GrantRejectedError'`. */
  override name = 'GrantRejectedError'

  /**
   * Creates an error for a grant to throw.
   *
   * @param options.cause The cause. Shown without secrets.
   * @param options.code Default: `ERR_GRANT_REJECTED`. The caller receives a code of your own unchanged.
   * @param options.status, options.body The server's answer, without secrets.
   */
  constructor(message: string, options: LatchkeyErrorOptions & { code?: string } = {}) {
    super(options.code ?? 'ERR_GRANT_REJECTED', message, options)
  }
}

/**
 * Thrown by a grant when the user has to act first, for example accept new terms. The session is kept. No grant is
 * asked again until `refresh()`, `setTokens()` or a change in the store. Requests go out while their token is
 * valid. Other requests reject with this error, which the `renewalFailed` event contains too.
 */
export class GrantDeferredError extends LatchkeyError {
  /** `'GrantDeferredError'`. */
  override name = 'GrantDeferredError'

  /**
   * Creates an error for a grant to throw.
   *
   * @param message What the user has to do.
   * @param options.code Default: `ERR_USER_ACTION_REQUIRED`. The caller receives a code of your own unchanged.
   * @param options.status, options.body The server's answer, without secrets.
   */
  constructor(message: string, options: LatchkeyErrorOptions & { code?: string } = {}) {
    super(options.code ?? 'ERR_USER_ACTION_REQUIRED', message, options)
  }
}

/** Returns whether `value` is an error, also from another realm such as a test runner's sandbox. */
const isError = (value: unknown): value is Error =>
  value instanceof Error ||
  /^\[object (Error|DOMException)\]$/.test(Object.prototype.toString.call(value))

/** Returns whether `value` is a `LatchkeyError`, also from another copy of this package. */
export function isLatchkeyError(value: unknown): value is LatchkeyError {
  return isError(value) && (value as { [brand]?: boolean })[brand] === true
}

/** Yields an error and its causes, or any other thrown object. It stops after eight, so that a circle ends. */
export function* causesOf(thrown: unknown): Generator<object> {
  let current = thrown
  for (let depth = 0; depth < 8 && typeof current === 'object' && current; depth += 1) {
    yield current
    current = (current as { cause?: unknown }).cause
  }
}

/** Returns whether a grant's error is a definite no. */
export function isRejection(error: unknown): error is GrantRejectedError {
  return isLatchkeyError(error) && error.name === 'GrantRejectedError'
}

/** Returns whether a grant's error asks the user to act first. */
export function isDeferral(error: unknown): error is GrantDeferredError {
  return isLatchkeyError(error) && error.name === 'GrantDeferredError'
}

/** Marks a summary, so that it is not summarised again. A registered symbol, so that two copies of core agree. */
const summaryKey = Symbol.for('latchkey.summary')
/** How many levels of causes are kept, and how many errors of a list. */
const MAX_DEPTH = 3
const MAX_ERRORS = 10
/** The form of a name or a code. Any other text could contain a secret. */
const WORD = /^[\w.$-]{1,64}$/

/** The properties of our own errors and of their classes. */
const PROPERTY =
  /^(name|message|stack|cause|code|status|body|errors|retryAfterMs|constructor|Symbol\(latchkey.*)$/

/**
 * Returns an error that is safe as a `cause`. An error of our own is returned itself, unless it shows one of
 * `secrets` or has properties of its own: then another one of the same kind replaces it, without its `body`. Any other error becomes a
 * summary of its name, code, status, message and causes. Clients' own errors contain their request (`util.inspect`
 * of an `AxiosError` shows the posted password), and any of their properties may hold a secret.
 */
export function withoutSecrets(
  error: unknown,
  secrets: readonly string[],
  depth = MAX_DEPTH,
): unknown {
  try {
    return isError(error) ? safeError(error, secrets, depth) : redact(wordsOf(error), secrets)
  } catch {
    return new Error(UNKNOWN)
  }
}

function safeError(error: Error, secrets: readonly string[], depth: number): Error {
  const inner = (one: unknown) =>
    one === undefined || depth === 0 ? undefined : withoutSecrets(one, secrets, depth - 1)
  const cause = inner(error.cause)
  const isOwn = isLatchkeyError(error)
  if ((isOwn || summaryKey in error) && !Object.isFrozen(error) && !shows(error, secrets)) {
    if (cause !== error.cause)
      Object.defineProperty(error, 'cause', { value: cause, configurable: true })
    return error
  }
  const { name, code, status, errors } = error as Error &
    Record<'code' | 'status' | 'errors', unknown>
  const message = redact(wordsOf(error), secrets)
  const causing = cause === undefined ? {} : { cause }
  const summary = isOwn
    ? new LatchkeyError(redact(String(code), secrets), message, causing)
    : new Error(message, causing)
  const word = (value: unknown) =>
    typeof value === 'string' && WORD.test(value) && redact(value, secrets) === value
  Object.defineProperties(summary, {
    name: { value: word(name) ? name : 'Error', configurable: true },
    [summaryKey]: { value: true },
  })
  if (typeof error.stack === 'string') summary.stack = redact(error.stack, secrets)
  return Object.assign(
    summary,
    word(code) && { code },
    typeof status === 'number' && { status },
    Array.isArray(errors) && { errors: errors.slice(0, MAX_ERRORS).map(inner) },
  )
}

const UNKNOWN = 'An object was thrown.'

/** Returns the message of a thrown value. An object that is not an error may contain anything, so it is not shown. */
export function wordsOf(thrown: unknown): string {
  const words = isError(thrown) ? (thrown.message as unknown) : thrown
  return Object(words) === words ? UNKNOWN : String(words)
}

/** Returns whether one of our own errors shows a secret, or has anything that our own errors do not have. */
function shows(error: Error, secrets: readonly string[]): boolean {
  const classKeys = summaryKey in error ? [] : Reflect.ownKeys(Object.getPrototypeOf(error))
  const keys = [...Reflect.ownKeys(error), ...classKeys]
  const { body, ...values } = Object.fromEntries(Object.entries(error))
  if (!keys.every((key) => PROPERTY.test(String(key)))) return true
  const { message, stack } = error
  const all: unknown[] = [message, stack, textOf(body), ...Object.values(values)].flat()
  return all.some((value) => {
    if (typeof value !== 'object' || value === null)
      return redact(String(value), secrets) !== String(value)
    return !(summaryKey in value)
  })
}

/** Returns `body` as text, or an object if it has no JSON, because its contents are unknown. */
function textOf(body: unknown): unknown {
  try {
    return JSON.stringify(body)
  } catch {
    return {}
  }
}
