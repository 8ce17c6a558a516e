import { allowInsecureRequests, customFetch } from 'oauth4webapi'

/** The fetch and signal for one exchange with the server. */
export interface Exchange {
  /** The fetch that core's ownFetch() returns. */
  fetch: typeof fetch
  signal?: AbortSignal
}

/** Returns the options of one oauth4webapi request. Its address has been checked before. */
export const requestOptions = ({ fetch, signal }: Exchange) => ({
  [customFetch]: (url: string, init: object) => fetch(url, init),
  [allowInsecureRequests]: true,
  ...(signal && { signal }),
})
