import { createTokenManager, headerScheme, memoryStore } from '@latchkey/core'
import { wrapFetch } from '@latchkey/fetch'
import { type CaseOrder, runCases } from './cases.ts'

/** What a visitor of the worker asks for: an item of the API, or to leave as soon as it is under way. */
export interface Visit {
  api: string
  leaves?: boolean
}

/** As KV would be: three methods, and nothing that waits for another request. */
const { getToken, setToken, removeToken } = memoryStore()
const store = { getToken, setToken, removeToken }

// oxlint-disable-next-line import/no-default-export -- how a worker is made
export default {
  async fetch(request: Request): Promise<Response> {
    if (new URL(request.url).pathname === '/cases') {
      return Response.json(await runCases((await request.json()) as CaseOrder))
    }
    return visit((await request.json()) as Visit)
  },
}

/** A manager for each request, over the one store: docs/runtimes.md says why. */
async function visit({ api, leaves = false }: Visit): Promise<Response> {
  const manager = createTokenManager({
    origin: new URL(api).origin,
    scheme: headerScheme('xc-auth'),
    store,
    grants: [
      {
        name: 'renewal',
        async request({ fetch: send, signal }) {
          const response = await send(`${api}/renew`, { method: 'POST', signal })
          return (await response.json()) as { accessToken: string }
        },
      },
    ],
  })
  const asked = wrapFetch(manager)(`${api}/items`)
  if (!leaves) return new Response((await asked).body)
  asked.catch(() => undefined) // nobody is there any more
  await new Promise((resolve) => void setTimeout(resolve, 50)) // the renewal is on its way
  return new Response('left')
}
