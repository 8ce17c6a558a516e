import type { ApiTokens } from '@latchkey/nocodb'
import { ExitCode } from '../exit-code.ts'
import { Failure } from '../failure.ts'
import { type SessionOptions, useSession } from '../session.ts'
import { print, printJson, say, table, warnOfSecret } from '../terminal.ts'

interface ApiTokenOptions extends SessionOptions {
  json?: boolean
}

/** Lists the ids and descriptions of the user's API tokens, never the tokens themselves. */
export async function listApiTokens(options: ApiTokenOptions): Promise<void> {
  const tokens = await (await apiTokensOf(options)).list()
  const rows = tokens.map(({ id, description }) => ({ id, description }))
  if (options.json) return printJson(rows)
  if (rows.length === 0) return say('You have no API tokens.')
  print(
    table([
      ['ID', 'DESCRIPTION'],
      ...rows.map(({ id, description }) => [String(id), description ?? '']),
    ]),
  )
}

/** Creates an API token and prints it. The server never shows it again. */
export async function createApiToken(description: string | undefined, options: ApiTokenOptions) {
  const api = await apiTokensOf(options)
  const { id, token } = await api.create(description === undefined ? {} : { description })
  warnOfSecret('API token')
  if (options.json) return printJson({ id, description, token })
  say(`Created API token ${id}. It is not shown again.`)
  print(token)
}

/** Deletes API tokens by their ids. Deletes none of them if one of the ids is invalid. */
export async function deleteApiTokens(ids: readonly string[], options: ApiTokenOptions) {
  if (!ids.every((id) => /^\d+$/.test(id))) {
    throw new Failure(
      ExitCode.usage,
      'Give the ids of the API tokens. To see them, run: latchkey api-tokens list',
    )
  }
  const api = await apiTokensOf(options)
  for (const id of ids) {
    await api.delete(Number(id))
    say(`Deleted API token ${id}.`)
  }
}

async function apiTokensOf(options: SessionOptions): Promise<ApiTokens> {
  const { noco, url } = await useSession(options)
  if (noco) return noco.apiTokens
  throw new Failure(
    ExitCode.usage,
    `${url} is not a NocoDB server. This command works only with NocoDB.`,
  )
}
