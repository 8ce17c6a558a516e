const brand = Symbol.for('latchkey.error')

/** Every code core itself uses; services add their own. One row each in `docs/errors.md`. */
export type LatchkeyErrorCode =
  | 'ERR_INVALID_OPTION'
  | 'ERR_UNUSABLE_TOKEN'
  | 'ERR_SIGN_IN_REQUIRED'
  | 'ERR_GRANT_REJECTED'
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
  | 'ERR_DISPOSED'

/** What an error may know besides its code and message. */
export interface LatchkeyErrorOptions {
  /** Why. Clients' own errors, which hold requests and their secrets, are replaced by a summary. */
  cause?: unknown
  /** How long the server asked us to wait, in milliseconds, when it said so. */
  retryAfterMs?: number | undefined
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

  /** Makes one. Its `cause` is shown without secrets. */
  constructor(
    code: LatchkeyErrorCode | (string & {}),
    message: string,
    options: LatchkeyErrorOptions = {},
  ) {
    super(message, 'cause' in options ? { cause: withoutSecrets(options.cause, []) } : undefined)
    this.code = code
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs
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
   */
  constructor(message: string, options: { cause?: unknown; code?: string } = {}) {
    super(options.code ?? 'ERR_GRANT_REJECTED', message, options)
  }
}

/** Whether `value` is a `LatchkeyError`, also one from another copy of this package. */
export function isLatchkeyError(value: unknown): value is LatchkeyError {
  return value instanceof Error && (value as { [brand]?: boolean })[brand] === true
}

/** Whether a grant's error is its definite no. */
export function isRejection(error: unknown): error is GrantRejectedError {
  return isLatchkeyError(error) && error.name === 'GrantRejectedError'
}

/** `text` without any of `secrets`. */
export function scrub(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text)
}

/**
 * An error made fit to be a `cause`. Clients' own errors carry the request they failed with (an
 * `AxiosError` shows the posted password under `util.inspect`), so an error that holds objects, or whose
 * text holds one of `secrets`, is replaced by a summary: name, code, status and text.
 */
export function withoutSecrets(error: unknown, secrets: readonly string[], depth = 3): unknown {
  if (!(error instanceof Error)) return scrub(String(error), secrets)
  const cause =
    error.cause === undefined || depth === 0
      ? undefined
      : withoutSecrets(error.cause, secrets, depth - 1)
  const text = `${error.message} ${error.stack}`
  if (isBare(error) && scrub(text, secrets) === text && cause === error.cause) return error
  const summary = new Error(
    scrub(error.message, secrets),
    cause === undefined ? undefined : { cause },
  )
  const { code, status } = error as { code?: unknown; status?: unknown }
  return Object.assign(
    summary,
    { name: error.name },
    typeof code === 'string' && { code },
    typeof status === 'number' && { status },
  )
}

/** Whether an error shows nothing but its text and plain values. */
function isBare(error: Error): boolean {
  return Object.values(error).every((value) => typeof value !== 'object' || value === null)
}
