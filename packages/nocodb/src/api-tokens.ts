import { invalidOption, readObject } from '@latchkey/core/service'
import type { NocoDBContext } from './context.ts'
import { accepted, requireSession } from './session.ts'
import { notNocoDB, paths, postJson } from './wire.ts'

/** An API token, as the server lists it. */
export interface ApiToken {
  /** The id that delete() takes. */
  id: number
  /** The secret itself. Later versions show it only once, when it is created. */
  token: string
  /** The description it was created with. */
  description: string | null
  [more: string]: unknown
}

/**
 * Manages the user's API tokens. This needs a signed-in user: if the manager uses an API token itself, all
 * methods reject with `ERR_SESSION_REQUIRED`.
 */
export interface ApiTokens {
  /** Returns all of the user's API tokens, with their secrets if the server still shows them. */
  list(): Promise<ApiToken[]>
  /** Creates an API token. Keep its `token`: newer servers never show it again. */
  create(options?: { description?: string }): Promise<ApiToken>
  /**
   * Deletes by numeric id, never by the token itself. On servers up to 0.301 a deleted token keeps
   * working until the server restarts (measured).
   *
   * @throws {LatchkeyError} `ERR_INVALID_OPTION` if given the token instead of its id.
   */
  delete(id: number): Promise<void>
}

/** Page size. Without one, NocoDB returns the first ten and does not mention the rest. */
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
        // The answer's own `isLastPage` counts the tokens of all users.
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
          'apiTokens.delete() needs the numeric `id` that list() and create() return, not the token.',
        )
      }
      await ask('delete an API token', () => fetch(`${url}/${id}`, { method: 'DELETE' }))
    },
  }
}
