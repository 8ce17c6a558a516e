import { isLatchkeyError, LatchkeyError, type MaybePromise, type TokenSet } from '@latchkey/core'
import {
  expectKnown,
  invalidOption,
  type OptionNames,
  type SignInAnswer,
  untilAborted,
} from '@latchkey/core/service'
import { deviceAuthorizationRequest } from 'oauth4webapi'
import { endpointOf } from '../authorization-server.ts'
import { readAnswer, refusal } from '../refusal.ts'
import { requestOptions } from '../sending.ts'
import {
  askTokenEndpoint,
  isText,
  readSeconds,
  readTokenAnswer,
  type TokenRequest,
} from '../token-endpoint.ts'
import {
  beginSession,
  type SignInContext,
  signInContextOf,
  type SignInTarget,
} from './sign-in-context.ts'
import { asked, type SignInOptions, signInOptions } from './sign-in-options.ts'

/** The code to show to the user, who signs in with another device. */
export interface DeviceCode {
  /** The code that the user enters, such as `'WDJB-MJHT'`. */
  userCode: string
  /** The page where the user enters it. */
  verificationUri: string
  /** The same page with the code included, for a link or a QR code, if the server offers it. */
  verificationUriComplete?: string
  /** When the code expires, in epoch milliseconds. */
  expiresAt: number
}

/** Options of signInWithDevice(). */
export interface DeviceSignInOptions extends SignInOptions {
  /**
   * Shows the code to the user. It must not wait for the user, because the server is first asked after it
   * resolves.
   */
  onCode: (code: DeviceCode) => MaybePromise<unknown>
  /** Aborts the sign-in with the signal's own reason. */
  signal?: AbortSignal | undefined
}

const KNOWN: OptionNames<DeviceSignInOptions> = {
  onCode: 'function',
  signal: true,
  ...signInOptions,
}

/** Default interval between questions, and the increase after `slow_down` (RFC 8628). */
const INTERVAL_MS = 5_000
const SLOWER_MS = 5_000

/**
 * Signs a person in with another device: this one shows a code, and the person enters it in any browser
 * (RFC 8628). For a terminal over ssh, a container or a television.
 *
 * Asks the server for the result as often as it allows, and more slowly while it cannot be reached.
 *
 * @returns The token endpoint's answer. The session has then begun.
 * @throws {LatchkeyError} `ERR_SIGN_IN_EXPIRED` when the code was not entered in time;
 *   `ERR_SIGN_IN_REFUSED` when the user refused; `ERR_OAUTH_CONFIGURATION` if the server or the client
 *   does not have this flow; `ERR_SESSION_CHANGED` when a sign-out or a later sign-in took effect first; and
 *   `signal`'s own reason. The session in use then stays.
 *
 * @example
 * await signInWithDevice(manager, {
 *   onCode: ({ userCode, verificationUri }) => console.log(`Enter ${userCode} at ${verificationUri}`),
 * })
 */
export async function signInWithDevice(
  manager: SignInTarget,
  given: DeviceSignInOptions,
): Promise<SignInAnswer> {
  const context = signInContextOf(manager)
  const options = expectKnown(given, KNOWN)
  if (options.onCode === undefined) throw invalidOption('`onCode` must be a function.')
  return beginSession(manager, (onAnswer) => signInByCode(context, options, onAnswer))
}

async function signInByCode(
  context: SignInContext,
  options: DeviceSignInOptions,
  onAnswer: TokenRequest['onAnswer'],
): Promise<TokenSet> {
  const { onCode, signal } = options
  signal?.throwIfAborted()
  const code = await untilAborted(requestCode(context, options), signal)
  const { deviceCode, shown, intervalMs } = code
  await untilAborted(Promise.resolve(onCode(shown)), signal)
  const request: TokenRequest = {
    action: 'finish the sign-in',
    grantType: 'urn:ietf:params:oauth:grant-type:device_code',
    parameters: { device_code: deviceCode },
    rejection: 'ERR_SIGN_IN_REFUSED',
    secrets: [deviceCode],
    onAnswer,
  }
  let waitMs = intervalMs
  for (;;) {
    await pause(Math.min(waitMs, shown.expiresAt - context.now()), signal)
    if (context.now() >= shown.expiresAt) throw expired()
    const result = await untilAborted(poll(context, request), signal)
    if (typeof result === 'object') return result
    if (result === 'slower') waitMs += SLOWER_MS
    if (result === 'unreachable') waitMs *= 2 // RFC 8628 section 3.5
  }
}

/** Asks the token endpoint once. Returns the tokens, or the reason why there are none yet. */
async function poll(
  context: SignInContext,
  request: TokenRequest,
): Promise<TokenSet | 'pending' | 'slower' | 'unreachable'> {
  try {
    const answered = await askTokenEndpoint(context, request, context)
    const { error } = answered.answer
    if (error === 'authorization_pending') return 'pending'
    if (error === 'slow_down') return 'slower'
    if (error === 'expired_token') throw expired()
    return await readTokenAnswer(context, request, answered, context)
  } catch (error) {
    if (isLatchkeyError(error) && error.code === 'ERR_SERVER_UNAVAILABLE') return 'unreachable'
    throw error
  }
}

interface IssuedCode {
  deviceCode: string
  /** The user's part. */
  shown: DeviceCode
  intervalMs: number
}

/** RFC 8628 sections 3.1 and 3.2. */
async function requestCode(
  context: SignInContext,
  options: DeviceSignInOptions,
): Promise<IssuedCode> {
  const { client, authentication } = context
  const exchange = { fetch: context.fetch }
  const form = new URLSearchParams(context.parameters)
  const { scope, more } = asked(options, context.scope)
  for (const { resource } of context.audiences ?? [])
    if (resource) form.append('resource', resource)
  for (const [name, value] of more) form.set(name, value)
  if (scope !== undefined) form.set('scope', scope)
  const server = await context.locate(exchange)
  endpointOf(server, 'deviceAuthorizationEndpoint')
  const sending = requestOptions(exchange)
  const response = await deviceAuthorizationRequest(server, client, authentication, form, sending)
  const body = await response.text()
  const about = { action: 'begin the sign-in', secrets: context.secrets() }
  const answer = readAnswer(body)
  if (!response.ok || isText(answer['error'])) throw refusal(response, body, about)
  const { device_code: deviceCode, user_code: userCode } = answer
  const verificationUri = answer['verification_uri'] ?? answer['verification_url'] // Google's name
  const verificationUriComplete = answer['verification_uri_complete']
  const lifeMs = readSeconds(answer['expires_in']) * 1000
  const intervalMs = readSeconds(answer['interval']) * 1000
  if (!isText(deviceCode) || !isText(userCode) || !isText(verificationUri) || !(lifeMs > 0)) {
    throw new LatchkeyError(
      'ERR_UNEXPECTED_ANSWER',
      `${server.issuer} answered without a code for the user (RFC 8628).`,
    )
  }
  const complete = isText(verificationUriComplete) && { verificationUriComplete }
  const expiresAt = context.now() + lifeMs
  return {
    deviceCode,
    shown: { userCode, verificationUri, ...complete, expiresAt },
    intervalMs: intervalMs > 0 ? intervalMs : INTERVAL_MS,
  }
}

const expired = () =>
  new LatchkeyError(
    'ERR_SIGN_IN_EXPIRED',
    'The user took too long to sign in, so the code has expired. Start the sign-in again.',
  )

/** @throws `signal`'s reason as soon as it aborts. Leaves no timer behind. */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const passed = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))
  await untilAborted(passed, signal).finally(() => clearTimeout(timer))
}
