import { mayCarrySecrets } from '@latchkey/core/service'
import { ExitCode } from './exit-code.ts'
import { Failure } from './failure.ts'

interface UrlRules {
  /** Allows plain http beyond this machine. */
  allowInsecure?: boolean | undefined
  /** Cuts off what NocoDB's pages add to the server's own URL. */
  isNocoDB?: boolean
  /** The variable of the environment that it comes from. */
  variable?: 'NOCODB_URL'
  /** What somebody on the way could read. */
  secret?: string
}

/**
 * The base URL that somebody means by `given`, without the slash, query and fragment at its end: spelled
 * as `nocodb()` names its session.
 *
 * @throws {Failure} When it is none, or may carry no secrets, with what to do in this very command. `given`
 *   is repeated only where it looks like a host: it may hold a password, or be one.
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

/** What can hardly be a password or a token: an address, or lower-case names, the last one of letters alone. */
function isHost(text: string): boolean {
  const [, host = ''] = /^([a-z0-9.-]+)(:\d{1,5})?\/?$/.exec(text) ?? []
  return /^(localhost|(\d{1,3}\.){3}\d{1,3}|([a-z0-9-]{1,30}\.)+[a-z]{2,12})$/.test(host)
}

const usage = (message: string) => new Failure(ExitCode.usage, message)
