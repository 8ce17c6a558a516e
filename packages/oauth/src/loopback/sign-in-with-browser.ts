import { LatchkeyError, type MaybePromise } from '@latchkey/core'
import {
  expectKnown,
  type OptionNames,
  type SignInAnswer,
  untilAborted,
} from '@latchkey/core/service'
import { finishSignIn, prepareSignIn } from '../people/code-flow.ts'
import { signInContextOf, type SignInTarget } from '../people/sign-in-context.ts'
import { type SignInOptions, signInOptions } from '../people/sign-in-options.ts'
import { listenAt } from './loopback-server.ts'

/** How the browser is opened, and what to ask for. */
export interface BrowserSignInOptions extends SignInOptions {
  /** Opens the browser. Default: the system's own, by the package `open`, which has to be installed for that. */
  open?: ((url: string) => MaybePromise<unknown>) | undefined
  /**
   * Told the address before the browser is opened, to show it to the user. With it, a browser that cannot
   * be opened is no error, since the user can open the address by hand.
   */
  onUrl?: ((url: string) => unknown) | undefined
  /**
   * Where the server sends the browser back to: an address of this machine, as registered. Without a port
   * a free one is taken, which servers have to allow for `127.0.0.1` (RFC 8252 section 7.3). Default:
   * `http://127.0.0.1/callback`.
   */
  redirectUri?: string | undefined
  /** How long the user may take, in milliseconds. Default: 300_000. */
  timeoutMs?: number | undefined
  /** Gives the sign-in up, with the signal's own reason. */
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
 * Signs a person in with the browser of this machine, for programs that have no pages of their own:
 * opens it, listens on loopback for the answer, and shows there how it ended (RFC 8252, with PKCE).
 *
 * @returns The token endpoint's answer. The session has then begun.
 * @throws {LatchkeyError} `ERR_SIGN_IN_EXPIRED` when the user takes too long; `ERR_BROWSER_UNAVAILABLE`
 *   when no browser can be opened; `ERR_SIGN_IN_REFUSED` and all others as `finishSignIn()`; and
 *   `signal`'s own reason. The session in use then stays.
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
  try {
    const { scope, parameters, challenge } = options
    const start = { redirectUri: server.redirectUri, scope, parameters, challenge }
    const { url, pending } = await untilAborted(prepareSignIn(context, start), limit)
    const answered = server.answerTo(pending.state)
    // What opens the browser may end only with it, so that only its failure is waited for.
    const opened = openBrowser(url, options).then(() => answered)
    const callback = await untilAborted(Promise.race([answered, opened]), limit)
    let isSignedIn = false
    try {
      const answer = await finishSignIn(manager, callback.parameters, { pending })
      isSignedIn = true
      return answer
    } finally {
      await callback.show(isSignedIn)
    }
  } finally {
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
      'No browser could be opened for the sign-in. Install the package `open`, or give `open`; or give `onUrl` to show the address, or use signInWithDevice().'
    throw new LatchkeyError('ERR_BROWSER_UNAVAILABLE', message, { cause })
  }
}

async function openSystemBrowser(url: string): Promise<void> {
  const { default: open } = await import('open')
  const child = await open(url)
  // On a machine without a desktop the program that would open it is missing, which is told later.
  await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('spawn', resolve)
    if (child.pid !== undefined) resolve(undefined)
  })
}

const expired = () =>
  new LatchkeyError(
    'ERR_SIGN_IN_EXPIRED',
    'The user did not sign in in time. Start the sign-in again.',
  )
