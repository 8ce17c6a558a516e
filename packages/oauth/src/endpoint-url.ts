import { LatchkeyError } from '@latchkey/core'
import { mayCarrySecrets, parseUrl } from '@latchkey/core/service'

/**
 * The URL that an option names.
 *
 * @throws {LatchkeyError} `ERR_INVALID_OPTION` for what is no absolute http(s) URL, one that holds a
 *   password or a fragment, and plain http beyond loopback unless `allowInsecure`.
 */
export function parseEndpoint(option: string, value: unknown, allowInsecure: boolean): URL {
  const url = typeof value === 'string' ? parseUrl(value) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.hash) {
    throw invalid(option, 'must be an absolute http(s) URL')
  }
  if (url.username || url.password) throw invalid(option, 'must not hold a user name or password')
  if (!mayCarrySecrets(url, allowInsecure)) {
    throw invalid(
      option,
      `is plain http beyond this machine (${url.host}): anybody on the way could read the secrets. Use https, or set \`allowInsecure: true\` if you accept that`,
    )
  }
  return url
}

const invalid = (option: string, problem: string) =>
  new LatchkeyError('ERR_INVALID_OPTION', `\`${option}\` ${problem}.`)
