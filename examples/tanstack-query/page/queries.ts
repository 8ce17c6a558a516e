import { wrapFetch } from '@latchkey/fetch'
import type { NocoDB } from '@latchkey/nocodb'
import { queryOptions } from '@tanstack/react-query'

interface Titled {
  id: string
  title: string
}

/** The e-mail address of the signed-in user; `null` if no user is signed in; `undefined` if not known yet. */
export type Who = string | null | undefined

/** The page's queries to the NocoDB at `baseUrl`. Keys begin with the user, so that users' data never mix. */
export function createQueries(baseUrl: string, noco: NocoDB) {
  const api = wrapFetch(noco)

  async function read(path: string, signal: AbortSignal): Promise<Titled[]> {
    const response = await api(`${baseUrl}/api/v2/meta/${path}`, { signal })
    if (!response.ok) throw noco.explain(response) ?? new Error(`NocoDB said ${response.status}`)
    const body = (await response.json()) as { list: Titled[] }
    return body.list
  }

  return {
    who: queryOptions({
      queryKey: ['who'],
      queryFn: async () => ((await noco.isSignedIn()) ? (await noco.me()).email : null),
    }),
    bases: (who: Who) =>
      queryOptions({
        queryKey: [who, 'bases'],
        queryFn: ({ signal }) => read('bases', signal),
        enabled: Boolean(who),
      }),
    tables: (who: Who, baseId: string) =>
      queryOptions({
        queryKey: [who, 'tables', baseId],
        queryFn: ({ signal }) => read(`bases/${baseId}/tables`, signal),
        enabled: Boolean(who),
      }),
  }
}
