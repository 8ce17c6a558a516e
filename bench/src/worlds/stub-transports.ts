import { createHttpHeaders, type HttpClient } from '@azure/core-rest-pipeline'
import { type AxiosAdapter, AxiosError, AxiosHeaders } from 'axios'

/** The status that a request with this `Authorization` gets. */
export type Answer = (authorization: string | null) => Promise<number>

const CHALLENGE = { 'www-authenticate': 'Bearer realm="bench"' }
const headersOf = (status: number) => (status === 401 ? CHALLENGE : {})

/**
 * A `fetch` without the network. It begins as every fetch does, by making a Request of what it is given
 * (fetch standard, section 5.6, step 2): a stub that leaves this out would make the bare client cheaper
 * than any real one.
 */
export function stubFetch(answer: Answer): typeof fetch {
  return async (input, init) => {
    const { headers } = new Request(input, init)
    const status = await answer(headers.get('authorization'))
    return new Response('[]', { status, headers: headersOf(status) })
  }
}

export function stubAdapter(answer: Answer): AxiosAdapter {
  return async (config) => {
    const status = await answer(config.headers.get('authorization') as string | null)
    const headers = new AxiosHeaders(headersOf(status))
    const request = {}
    const response = { data: '[]', status, statusText: '', headers, config, request }
    if (status < 400) return response
    const { ERR_BAD_REQUEST } = AxiosError
    throw new AxiosError(
      `Request failed with ${status}`,
      ERR_BAD_REQUEST,
      config,
      request,
      response,
    )
  }
}

export function stubHttpClient(answer: Answer): HttpClient {
  return {
    async sendRequest(request) {
      const status = await answer(request.headers.get('authorization') ?? null)
      const headers = createHttpHeaders(headersOf(status))
      return { request, status, headers, bodyAsText: '[]' }
    },
  }
}
