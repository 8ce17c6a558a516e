import { isLatchkeyError, type TokenManager } from '@latchkey/core'
import { QueryClient } from '@tanstack/react-query'

/** A cache for the data of `session`. It deletes all data when the session ends, in this tab or another. */
export function createQueryClient(session: TokenManager): QueryClient {
  const client = new QueryClient({
    defaultOptions: {
      queries: {
        // Latchkey has already retried: its errors mean "sign in" or "try later".
        retry: (failures, error) => failures < 3 && ![error, error.cause].some(isLatchkeyError),
      },
    },
  })
  session.on('signedOut', () => {
    client.getMutationCache().clear() // a write that waits for the network must not be sent as the next user
    void client.resetQueries() // deletes the data, aborts requests, fetches again for mounted components
  })
  return client
}
