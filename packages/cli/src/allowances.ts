import { env } from 'node:process'
import { ExitCode } from './exit-code.ts'
import { Failure } from './failure.ts'

/** What the command line allows; each has a variable of the environment, for where nobody types options. */
export interface Allowances {
  /** Plain http beyond this machine is accepted. */
  allowInsecure?: true
}

/**
 * Whether plain http beyond this machine is accepted: by `--allow-insecure`, or by `LATCHKEY_ALLOW_INSECURE`.
 *
 * @throws {Failure} When the variable says neither yes nor no.
 */
export function allowsInsecure({ allowInsecure }: Allowances): boolean {
  if (allowInsecure) return true
  const said = (env['LATCHKEY_ALLOW_INSECURE'] ?? '').trim().toLowerCase()
  if (/^(1|true|yes|on)$/.test(said)) return true
  if (/^(|0|false|no|off)$/.test(said)) return false
  throw new Failure(ExitCode.usage, 'Set LATCHKEY_ALLOW_INSECURE to 1 or 0.')
}
