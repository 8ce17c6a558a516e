import { isLatchkeyError, type TokenManager } from '@latchkey/core'
import { QueryClient } from '@tanstack/react-query'

/** A cache for what `session` may see. It forgets all of it when the session is over, in this tab or another. */
export function createQueryClient(session: TokenManager): QueryClient {
  const client = new QueryClient({
    defaultOptions: {
      queries: {
        // Latchkey has tried what can be tried: its errors mean "sign in", or "later".
        retry: (failures, error) => failures < 3 && ![error, error.cause].some(isLatchkeyError),
      },
    },
  })
  session.on('signedOut', () => {
    client.getMutationCache().clear() // a write that waits for the network is not the next user's
    void client.resetQueries() // forgets data, gives up what is on its way, asks again for what is shown
  })
  return client
}
