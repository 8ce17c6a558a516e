import { isCancel, password as askPassword, text as askText } from '@clack/prompts'
import { isLatchkeyError } from '@latchkey/core'
import { type NocoDB, nocodb } from '@latchkey/nocodb'
import { UsageError } from '../arguments.ts'
import type { Target } from './target.ts'

export interface OwnOptions {
  url: string
  env: Record<string, string | undefined>
  say(line: string): void
  /** Whether the program can ask the user. */
  isInteractive: boolean
}

type Login = { apiToken: string } | { email: string; password: string }

const TICK_MS = 500

/**
 * Uses the user's own server, and only reads from it. It checks the user first, so that a wrong password
 * is one clear message and not a picture full of failures.
 *
 * @throws {UsageError} without credentials, or with a URL to which a session must not be sent. */
export async function openOwn({ url, env, say, isInteractive }: OwnOptions): Promise<Target> {
  createManager(url, { apiToken: 'checks-the-url-first' }).dispose()
  say(`  your NocoDB at ${new URL(url).host}, which is only read: who you are, and then from each`)
  say(`  client GET /api/v2/meta/bases, ${1000 / TICK_MS} times a second`)
  const login = loginFromEnv(env) ?? (isInteractive ? await askLogin() : undefined)
  if (!login) {
    throw new UsageError(
      'Set NOCODB_API_TOKEN, or NOCODB_EMAIL and NOCODB_PASSWORD, or run this in a terminal to be asked.',
    )
  }
  const name = 'apiToken' in login ? 'with an API token' : `as ${login.email} with a password`
  return {
    about: [name],
    url: url.replace(/\/*$/, '/'),
    tickMs: TICK_MS,
    calls: () => [{ method: 'GET', path: 'api/v2/meta/bases' }],
    connect: (options) => createManager(url, login, options),
    prepare: async (manager) => void (await manager.me()),
    close: async () => undefined,
  }
}

function createManager(
  baseUrl: string,
  login: Login,
  options: { fetch?: typeof fetch } = {},
): NocoDB {
  try {
    return nocodb({ ...options, ...login, baseUrl })
  } catch (error) {
    if (!isLatchkeyError(error)) throw error
    throw new UsageError(error.message, { cause: error })
  }
}

function loginFromEnv(env: OwnOptions['env']): Login | undefined {
  const { NOCODB_API_TOKEN: apiToken, NOCODB_EMAIL: email, NOCODB_PASSWORD: password } = env
  if (apiToken) return { apiToken }
  return email && password ? { email, password } : undefined
}

async function askLogin(): Promise<Login> {
  const required = (value: string | undefined) => (value ? undefined : 'It is needed to sign in.')
  const email = await askText({ message: 'Your email at this NocoDB', validate: required })
  if (isCancel(email)) throw new UsageError('The sign-in was cancelled.')
  const password = await askPassword({ message: 'Your password', validate: required })
  if (isCancel(password)) throw new UsageError('The sign-in was cancelled.')
  return { email, password }
}
