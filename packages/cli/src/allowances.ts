import { env } from 'node:process'
import { ExitCode } from './exit-code.ts'
import { Failure } from './failure.ts'

/** Risks that the user accepts, by an option or, in scripts, by an environment variable. */
export interface Allowances {
  /** Accepts plain http to other machines. */
  allowInsecure?: true
}

/**
 * Whether plain http to other machines is accepted, by `--allow-insecure` or by `LATCHKEY_ALLOW_INSECURE`.
 *
 * @throws {Failure} When the variable means neither yes nor no.
 */
export function allowsInsecure({ allowInsecure }: Allowances): boolean {
  if (allowInsecure) return true
  const said = (env['LATCHKEY_ALLOW_INSECURE'] ?? '').trim().toLowerCase()
  if (/^(1|true|yes|on)$/.test(said)) return true
  if (/^(|0|false|no|off)$/.test(said)) return false
  throw new Failure(ExitCode.usage, 'Set LATCHKEY_ALLOW_INSECURE to 1 or 0.')
}
