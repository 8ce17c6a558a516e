import { invalidOption, readObject } from '@latchkey/core/service'
import type { NocoDBContext } from './context.ts'
import { accepted, requireSession } from './session.ts'
import { notNocoDB, paths, postJson } from './wire.ts'

/** An API token, as the server lists it. */
export interface ApiToken {
  /** What delete() takes. */
  id: number
  /** The secret itself. Later versions show it only once, when it is created. */
  token: string
  /** What it was created for. */
  description: string | null
  [more: string]: unknown
}

/**
 * The user's API tokens. All reject with `ERR_SESSION_REQUIRED` where an API token is what we sign in
 * with.
 */
export interface ApiTokens {
  /** All of the user's API tokens, secrets included where the server still knows them. */
  list(): Promise<ApiToken[]>
  /** Creates one. Its `token` is to be kept now: later versions never show it again. */
  create(options?: { description?: string }): Promise<ApiToken>
  /**
   * Deletes by numeric id, never by the token itself. On servers up to 0.301 a deleted token keeps
   * working until the server restarts (measured).
   *
   * @throws {LatchkeyError} `ERR_INVALID_OPTION` for a token in place of its id.
   */
  delete(id: number): Promise<void>
}

/** How many to ask for at once: left alone, NocoDB gives the first ten and no hint of more. */
const PAGE_SIZE = 100

const isApiToken = (one: unknown): one is ApiToken =>
  typeof one === 'object' && one !== null && Object.hasOwn(one, 'id')

/** `/api/v1/tokens` exists on all versions and looks at `xc-auth` only. */
export function createApiTokens(context: NocoDBContext): ApiTokens {
  const { server, fetch } = context
  const url = server.url + paths.apiTokens

  async function ask(action: string, send: () => Promise<Response>): Promise<string> {
    requireSession(context, action)
    return (await accepted(context, action, await send())).text()
  }

  return {
    async list() {
      const all = new Map<ApiToken['id'], ApiToken>()
      for (;;) {
        const page = `${url}?limit=${PAGE_SIZE}&offset=${all.size}`
        const { list } = readObject(await ask('list API tokens', () => fetch(page)))
        if (!Array.isArray(list)) throw notNocoDB(server, 'a list')
        const before = all.size
        for (const one of list as unknown[]) if (isApiToken(one)) all.set(one.id, one)
        // The answer's own `isLastPage` counts everybody's tokens.
        if (all.size - before < PAGE_SIZE) return [...all.values()]
      }
    },
    async create({ description } = {}) {
      const body = description === undefined ? {} : { description }
      const created = readObject(
        await ask('create an API token', () => postJson(fetch, url, body, {})),
      )
      if (typeof created['token'] !== 'string') throw notNocoDB(server, 'a token')
      return created as ApiToken
    },
    async delete(id) {
      if (!/^\d+$/.test(String(id))) {
        throw invalidOption(
          'apiTokens.delete() takes the numeric `id` that list() and create() give.',
        )
      }
      await ask('delete an API token', () => fetch(`${url}/${id}`, { method: 'DELETE' }))
    },
  }
}
