import { isLatchkeyError } from '@latchkey/core'
import { causesOf, redact } from '@latchkey/core/service'
import { ExitCode } from './exit-code.ts'
import { oneLine, say } from './terminal.ts'

/** An error whose message names what to do, with the exit code of the process. */
export class Failure extends Error {
  override name = 'Failure'
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.exitCode = exitCode
  }
}

const usage = new Set(['ERR_INVALID_OPTION', 'ERR_SESSION_REQUIRED', 'ERR_UNUSABLE_TOKEN'])

const signedOut = new Set([
  'ERR_SIGN_IN_REQUIRED',
  'ERR_REFRESH_TOKEN_REJECTED',
  'ERR_API_TOKEN_REJECTED',
  'ERR_FRESH_TOKEN_REJECTED',
])

const unavailable = new Set([
  'ERR_RENEWAL_UNAVAILABLE',
  'ERR_RENEWAL_TIMEOUT',
  'ERR_REPLAY_TOO_LATE',
  'ERR_SERVER_UNAVAILABLE',
  'ERR_SESSION_CHANGED',
  'ERR_SIGN_OUT_INCOMPLETE',
])

/** Returns the exit code for `error`. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof Failure) return error.exitCode
  if (!isLatchkeyError(error)) return isNetworkError(error) ? ExitCode.unavailable : ExitCode.failed
  if ([...causesOf(error)].some(isStoreFailure)) return ExitCode.store
  if (codeOf(error.cause) === 'ERR_OAUTH_CONFIGURATION') return ExitCode.refused
  const { code } = error
  if (signedOut.has(code)) return ExitCode.signedOut
  if (unavailable.has(code)) return ExitCode.unavailable
  return usage.has(code) ? ExitCode.usage : ExitCode.refused
}

/** Secrets to redact in messages, because a server may repeat them. */
const hidden = new Set<string>()

/** Redacts these secrets in messages. Values under 8 characters are kept, because they may be ordinary words. */
export function hide(secrets: readonly string[]): void {
  for (const secret of secrets) if (secret.length >= 8) hidden.add(secret)
}

const BECAUSE = '\n  because: '

/** Prints the failure to stderr, with one line for each cause. */
export function sayFailure(error: unknown): void {
  say(...`latchkey: ${tellFailure(error)}`.split('\n'))
}

/**
 * Returns what happened and why, in at most four lines, without stack traces. Line breaks in a server's text are
 * removed, so that it cannot add lines of its own.
 */
export function tellFailure(error: unknown): string {
  const lines: string[] = []
  for (let one = error; one instanceof Error && lines.length < 4; one = one.cause) {
    const message = oneLine(one.message)
    if (message && !lines.some((line) => line.includes(message))) lines.push(message)
  }
  const text = lines.join(BECAUSE) || oneLine(String(error))
  const told = hidden.size === 0 ? text : redact(text, [...hidden])
  return words.reduce((said, [theirs, ours]) => said.replaceAll(theirs, ours), told)
}

/** Names from the libraries' messages, and the command line's names for them. */
const words: readonly (readonly [theirs: string, ours: string])[] = [
  ['choose fileStore(), which', 'sign in with --store file, which'],
  ['`allowInsecure: true`', '--allow-insecure'],
  ['`baseUrl`', 'the URL'],
  ['`issuer`', '--issuer'],
  ['`tokenEndpoint`', '--token-endpoint'],
  ['`authorizationEndpoint`', '--authorization-endpoint'],
  ['`deviceAuthorizationEndpoint`', '--device-endpoint'],
  ['`redirectUri`', '--redirect-uri'],
  ['`clientId`', '--client-id'],
  ['`clientSecret`', 'the client secret'],
  ['`scope`', '--scope'],
]

const codeOf = (error: unknown): string | undefined =>
  isLatchkeyError(error) ? error.code : undefined

const isStoreFailure = (error: unknown): boolean => codeOf(error)?.startsWith('ERR_STORE_') === true

/** Node's `fetch` reports only "fetch failed", with the reason as the cause. */
const isNetworkError = (error: unknown): boolean =>
  error instanceof TypeError && error.cause !== undefined
