import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process, { env } from 'node:process'
import { isLatchkeyError } from '@latchkey/core'
import { type DeviceCode, type OAuth, signInWithDevice } from '@latchkey/oauth'
import { ExitCode } from '../exit-code.ts'
import { Failure } from '../failure.ts'
import type { SignInOptions } from '../sign-in-options.ts'
import { say } from '../terminal.ts'

/**
 * Signs in a user with the browser of this machine, or with a code in any browser. Ctrl-C cancels it.
 *
 * @returns The ID token, which names the user, if the server returned one.
 */
export async function signInPerson(
  manager: OAuth,
  { device, redirectUri }: SignInOptions,
): Promise<string | undefined> {
  const breakOff = new AbortController()
  const interrupted = () =>
    breakOff.abort(new Failure(ExitCode.interrupted, 'Nothing was changed.'))
  process.once('SIGINT', interrupted)
  const { signal } = breakOff
  try {
    const { body } = device
      ? await signInWithDevice(manager, { onCode: tellCode, signal })
      : await signInHere(manager, redirectUri, signal)
    const { id_token: idToken } = Object(body) as { id_token?: unknown }
    return typeof idToken === 'string' ? idToken : undefined
  } catch (error) {
    throw isLatchkeyError(error) && error.code === 'ERR_SIGN_IN_EXPIRED' ? tooLate(device) : error
  } finally {
    process.off('SIGINT', interrupted)
  }
}

async function signInHere(manager: OAuth, redirectUri: string | undefined, signal: AbortSignal) {
  const { signInWithBrowser } = await import('@latchkey/oauth/node')
  const browser = env['BROWSER']?.trim()
  return signInWithBrowser(manager, {
    onUrl: tellAddress,
    redirectUri,
    signal,
    ...(browser && { open: (url) => openWith(browser, url) }),
  })
}

const tellAddress = (url: string) =>
  say(
    'Your browser opens to sign you in. If it does not, open this address on this machine:',
    url,
    'Waiting … Without a browser on this machine, press Ctrl-C and add --device.',
  )

function tellCode(code: DeviceCode): void {
  const { userCode, verificationUri, verificationUriComplete, expiresAt } = code
  const minutes = Math.ceil((expiresAt - Date.now()) / 60_000)
  say(
    `Open ${verificationUri} in any browser and enter the code ${userCode}`,
    ...(verificationUriComplete === undefined ? [] : [`or open ${verificationUriComplete}`]),
    minutes < 1440 ? `The code is valid for ${minutes} min. Waiting …` : 'Waiting …',
  )
}

const tooLate = (device = false) =>
  new Failure(
    ExitCode.signedOut,
    `${device ? 'The code has expired' : 'The browser did not come back in time'}. Run the sign-in again.`,
  )

/** Opens `url` with BROWSER: a program and its arguments. The URL replaces `%s`, or is added at the end. */
async function openWith(browser: string, url: string): Promise<void> {
  const [file = '', ...rest] = browser.split(/\s+/)
  const args = rest.includes('%s') ? rest.map((one) => (one === '%s' ? url : one)) : [...rest, url]
  const child = spawn(file, args, { stdio: 'ignore', detached: true })
  child.unref()
  await once(child, 'spawn')
}
