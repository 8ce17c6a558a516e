import { mayCarrySecrets } from '@latchkey/core/service'
import { ExitCode } from './exit-code.ts'
import { Failure } from './failure.ts'

interface UrlRules {
  /** Allows plain http beyond this machine. */
  allowInsecure?: boolean | undefined
  /** Cuts off what NocoDB's pages add to the server's own URL. */
  isNocoDB?: boolean
}

/**
 * The base URL that somebody means by `given`, without the slash, query and fragment at its end: spelled
 * as `nocodb()` names its session.
 *
 * @throws {Failure} When it is none, or may carry no secrets. `given` is repeated only where it looks like
 *   a host: a URL may hold a password.
 */
export function readServerUrl(given: string, { allowInsecure, isNocoDB }: UrlRules = {}): string {
  const text = given.trim()
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol)) throw notUrl(text)
  if (url.username || url.password) {
    throw usage(
      'Leave user name and password out of the URL: give --user, and be asked for the password.',
    )
  }
  if (!mayCarrySecrets(url, allowInsecure)) {
    throw usage(
      `${url.origin} is plain http: anybody on the way could read the password. Use https, or --allow-insecure if you accept that.`,
    )
  }
  const path = isNocoDB ? url.pathname.replace(/\/dashboard(\/.*)?$/, '') : url.pathname
  return url.origin + path.replace(/\/+$/, '')
}

function notUrl(text: string): Failure {
  const isHost = /^[\w.-]+(:\d+)?(\/[\w./-]*)?$/.test(text)
  if (!isHost) return usage('The server is given by its URL, such as https://nocodb.example.com.')
  const scheme = /^(localhost|127\.)/.test(text) ? 'http' : 'https'
  return usage(`"${text}" is no URL. Do you mean ${scheme}://${text}?`)
}

const usage = (message: string) => new Failure(ExitCode.usage, message)
