import { parseArgs } from 'node:util'

/** The demo's arguments. */
export interface Arguments {
  target: 'double' | 'nocodb' | 'own'
  /** The server of `--url`; only with target `own`. */
  url?: string
  seconds: number
  help: boolean
}

/** The arguments are invalid. `message` names the argument and the expected value. */
export class UsageError extends Error {
  override name = 'UsageError'
}

export const help = `Three HTTP clients (axios, ky and fetch) share one session of a NocoDB server.

  npm run demo                     against a NocoDB double on this machine, with 3-second tokens
  npm run demo -- --nocodb         against a real NocoDB, installed from npm on the first run
  npm run demo -- --url https://…  against your own NocoDB, with read-only requests. Credentials come
                                   from NOCODB_API_TOKEN, or NOCODB_EMAIL and NOCODB_PASSWORD, or
                                   are asked for

  --seconds N   how long to send requests: 1 to 3600 (default: 10, with --nocodb 12)
  --help        this text

Exit code: 0 no request failed, 1 one did, 2 wrong arguments.`

const MAX_SECONDS = 3600

/** @throws {UsageError} naming the argument and what was expected. */
export function parseArguments(argv: string[]): Arguments {
  const values = readOptions(argv)
  if (values.nocodb && values.url !== undefined) {
    throw new UsageError('--nocodb and --url exclude each other: which server shall it be?')
  }
  const target = values.nocodb ? 'nocodb' : values.url === undefined ? 'double' : 'own'
  return {
    target,
    // Three lifetimes of a token and the start of a fourth, also on a slow machine.
    seconds: readSeconds(values.seconds ?? (target === 'nocodb' ? '12' : '10')),
    help: values.help,
    ...(values.url !== undefined && { url: readUrl(values.url) }),
  }
}

function readOptions(args: string[]) {
  const options = {
    nocodb: { type: 'boolean', default: false },
    url: { type: 'string' },
    seconds: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  } as const
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: false }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function readSeconds(text: string): number {
  const seconds = Number(text)
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= MAX_SECONDS) return seconds
  throw new UsageError(`--seconds must be a whole number from 1 to ${MAX_SECONDS}, got "${text}".`)
}

/** The value itself is not shown, because it may be a URL with a password. */
function readUrl(text: string): string {
  const url = URL.parse(text)
  if (url && /^https?:$/.test(url.protocol)) return text
  throw new UsageError('--url must be the address of a NocoDB, such as https://nocodb.example.com.')
}
