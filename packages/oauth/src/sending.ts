import { allowInsecureRequests, customFetch } from 'oauth4webapi'

/** What one exchange with the server needs. */
export interface Exchange {
  /** As core's ownFetch() gives it. */
  fetch: typeof fetch
  signal?: AbortSignal
}

/** The options of one request of oauth4webapi's. Where it may go has been checked before. */
export const requestOptions = ({ fetch, signal }: Exchange) => ({
  [customFetch]: (url: string, init: object) => fetch(url, init),
  [allowInsecureRequests]: true,
  ...(signal && { signal }),
})
