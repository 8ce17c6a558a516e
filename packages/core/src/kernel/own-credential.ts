import type { Scheme } from '../scheme/scheme.ts'
import { callersCredential } from '../texts.ts'
import { type AuthorizeRequest, CREDENTIAL_HEADERS } from './authorization.ts'

/** The header of a credential of the caller's own, which wins, also over one that would have to be obtained first. */
export function ownCredential(
  { header }: Scheme,
  own: NonNullable<AuthorizeRequest['headers']>,
): string | undefined {
  const name = CREDENTIAL_HEADERS.find((one) => own.has(one))
  return name ?? (header && own.has(header) ? header : undefined)
}

/**
 * Tells the author of a program, in development only, of a header that keeps the token away: it may be left over from
 * before there was a manager, and nothing is renewed for such requests.
 */
export function tellInDevelopment(header: string): void {
  if (!isDevelopment()) return
  // oxlint-disable-next-line no-console -- there is no event for it, and whoever writes the program must know
  console.warn(`Latchkey: ${callersCredential(header).message} (Said once, in development.)`)
}

declare const process: { env: { NODE_ENV?: string } }

/** As bundlers and test runners have it. */
function isDevelopment(): boolean {
  try {
    return process.env.NODE_ENV === 'development' // a bundler writes its value here
  } catch {
    return false
  }
}
