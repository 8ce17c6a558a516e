import { LatchkeyError, type MaybePromise } from '@latchkey/core'
import {
  expectKnown,
  type OptionNames,
  type SignInAnswer,
  untilAborted,
} from '@latchkey/core/service'
import { exchangeCode, prepareSignIn } from '../people/code-flow.ts'
import { beginSession, signInContextOf, type SignInTarget } from '../people/sign-in-context.ts'
import { type SignInOptions, signInOptions } from '../people/sign-in-options.ts'
import { type Callback, listenAt } from './loopback-server.ts'

/** Options of signInWithBrowser(). */
export interface BrowserSignInOptions extends SignInOptions {
  /** Opens the browser. Default: the system's own, by the package `open`, which has to be installed for that. */
  open?: ((url: string) => MaybePromise<unknown>) | undefined
  /**
   * Called with the address before the browser is opened, to show it to the user. If it is given, a browser that
   * cannot be opened is not an error, because the user can open the address by hand.
   */
  onUrl?: ((url: string) => unknown) | undefined
  /**
   * The registered address on this machine that the server sends the browser back to. Without a port a free
   * one is used, which servers have to allow for `127.0.0.1` (RFC 8252 section 7.3). Default:
   * `http://127.0.0.1/callback`.
   */
  redirectUri?: string | undefined
  /** Time limit for the user, in milliseconds. Default: 300_000. */
  timeoutMs?: number | undefined
  /** Aborts the sign-in with the signal's own reason. */
  signal?: AbortSignal | undefined
}

const KNOWN: OptionNames<BrowserSignInOptions> = {
  open: 'function',
  onUrl: 'function',
  redirectUri: 'text',
  timeoutMs: true,
  signal: true,
  ...signInOptions,
}

/**
 * Signs a person in with the browser of this machine, for programs without web pages. Opens the browser,
 * listens on loopback for the answer, and shows the result there (RFC 8252, with PKCE).
 *
 * @returns The token endpoint's answer. The session has then begun.
 * @throws {LatchkeyError} `ERR_SIGN_IN_EXPIRED` when the user takes too long; `ERR_BROWSER_UNAVAILABLE`
 *   when no browser can be opened; `ERR_SIGN_IN_REFUSED` and the errors of `finishSignIn()`;
 *   `ERR_SESSION_CHANGED` when a sign-out or a later sign-in took effect first; and `signal`'s own reason. The session in use then stays.
 *
 * @example
 * await signInWithBrowser(manager, { onUrl: (url) => console.log(`Sign in at ${url}`) })
 */
export async function signInWithBrowser(
  manager: SignInTarget,
  given: BrowserSignInOptions = {},
): Promise<SignInAnswer> {
  const context = signInContextOf(manager)
  const options = expectKnown(given, KNOWN)
  const { redirectUri = 'http://127.0.0.1/callback', timeoutMs = 300_000, signal } = options
  signal?.throwIfAborted()
  const server = await listenAt(redirectUri)
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(expired()), timeoutMs)
  const limit = AbortSignal.any([late.signal, ...(signal ? [signal] : [])])
  const { scope, parameters, challenge } = options
  const start = { redirectUri: server.redirectUri, scope, parameters, challenge }
  let callback: Callback | undefined
  let isSignedIn = false
  try {
    const answer = await beginSession(manager, async (onAnswer) => {
      const { url, pending } = await untilAborted(prepareSignIn(context, start), limit)
      const answered = server.answerTo(pending.state)
      // The opening program may run as long as the browser, so only its failure matters.
      const opened = openBrowser(url, options).then(() => answered)
      callback = await untilAborted(Promise.race([answered, opened]), limit)
      return untilAborted(exchangeCode(context, callback.parameters, pending, onAnswer), limit)
    })
    isSignedIn = true
    return answer
  } finally {
    await callback?.show(isSignedIn)
    clearTimeout(timer)
    server.close()
  }
}

async function openBrowser(url: string, { open, onUrl }: BrowserSignInOptions): Promise<void> {
  onUrl?.(url)
  try {
    await (open ?? openSystemBrowser)(url)
  } catch (cause) {
    if (onUrl) return // the user has the address
    const message =
      'No browser could be opened for the sign-in. Install the package `open` or pass `open`. Or pass `onUrl` to show the address, or use signInWithDevice().'
    throw new LatchkeyError('ERR_BROWSER_UNAVAILABLE', message, { cause })
  }
}

async function openSystemBrowser(url: string): Promise<void> {
  const { default: open } = await import('open')
  const child = await open(url)
  // On a machine without a desktop that program is missing; its error event arrives later.
  await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('spawn', resolve)
    if (child.pid !== undefined) resolve(undefined)
  })
}

const expired = () =>
  new LatchkeyError(
    'ERR_SIGN_IN_EXPIRED',
    'The user took too long to sign in. Start the sign-in again.',
  )
