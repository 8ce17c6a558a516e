import { wrapFetch } from '@latchkey/fetch'
import type { NocoDB } from '@latchkey/nocodb'
import { queryOptions } from '@tanstack/react-query'

interface Titled {
  id: string
  title: string
}

/** Who is signed in, by e-mail; `null`: nobody; `undefined`: not known yet. */
export type Who = string | null | undefined

/** What the page asks the NocoDB at `baseUrl`. Keys begin with whose data it is, so that users never mix. */
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
