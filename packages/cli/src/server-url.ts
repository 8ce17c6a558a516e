import { mayCarrySecrets } from '@latchkey/core/service'
import { ExitCode } from './exit-code.ts'
import { Failure } from './failure.ts'

interface UrlRules {
  /** Allows plain http to other machines. */
  allowInsecure?: boolean | undefined
  /** Removes the path that NocoDB's pages add to the server's URL (`/dashboard/…`). */
  isNocoDB?: boolean
  /** The environment variable that holds the URL, for the message. */
  variable?: 'NOCODB_URL'
  /** The secret that others on the network could read, for the message. */
  secret?: string
}

/**
 * Returns the base URL that the user means by `given`, without the slash, query and fragment at its end. It is spelled
 * in the way that `nocodb()` names its session.
 *
 * @throws {Failure} When it is not a URL, or may not carry secrets. The message repeats `given` only if it looks like a
 *   host, because it may contain a password or be one.
 */
export function readServerUrl(given: string, rules: UrlRules = {}): string {
  const { allowInsecure, isNocoDB, variable, secret = 'password' } = rules
  const text = given.trim()
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol)) throw notUrl(text, variable)
  if (url.username || url.password) {
    throw usage(
      variable
        ? `Leave the user name and password out of ${variable}: set NOCODB_EMAIL and NOCODB_PASSWORD.`
        : 'Leave the user name and password out of the URL. Give --user; you are asked for the password.',
    )
  }
  if (!mayCarrySecrets(url, allowInsecure)) {
    throw usage(
      `${url.origin} is plain http: others on the network could read the ${secret}. Use https. If you accept the risk, give --allow-insecure or set LATCHKEY_ALLOW_INSECURE=1.`,
    )
  }
  const path = isNocoDB ? url.pathname.replace(/\/dashboard(\/.*)?$/, '') : url.pathname
  return url.origin + path.replace(/\/+$/, '')
}

function notUrl(text: string, variable: string | undefined): Failure {
  const subject = variable ?? 'The server'
  if (!isHost(text)) {
    return usage(`${subject} must be a URL, such as https://nocodb.example.com.`)
  }
  const scheme = /^(localhost|127\.)/.test(text) ? 'http' : 'https'
  const said = variable ? `${variable}, "${text}",` : `"${text}"`
  return usage(`${said} is not a URL. Do you mean ${scheme}://${text}?`)
}

/** Whether it looks like a host, not a secret: an IP address, or lower-case names that end with letters only. */
function isHost(text: string): boolean {
  const [, host = ''] = /^([a-z0-9.-]+)(:\d{1,5})?\/?$/.exec(text) ?? []
  return /^(localhost|(\d{1,3}\.){3}\d{1,3}|([a-z0-9-]{1,30}\.)+[a-z]{2,12})$/.test(host)
}

const usage = (message: string) => new Failure(ExitCode.usage, message)
