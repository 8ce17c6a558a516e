import { registerAuth } from '@latchkey/axios'
import type { AdapterSubject, Platform, Send } from '@latchkey/testing/adapter-contract'
import type * as Axios from 'axios'

interface AxiosSubjectOptions {
  /** Default: axios' own choice. */
  adapter?: Axios.AxiosRequestConfig['adapter']
  platform?: Platform
  stream?: (text: string) => object
}

/** axios on one of its adapters, for `adapterContract()`. */
export function axiosSubject(
  { default: axios, isAxiosError }: typeof Axios,
  { adapter, platform, stream }: AxiosSubjectOptions,
): AdapterSubject {
  return {
    platform: { buffersBodies: true, ...platform },
    ...(stream && { stream }),
    connect({ manager, baseUrl, timeoutMs = 0, twice }) {
      const api = axios.create({
        baseURL: baseUrl,
        timeout: timeoutMs,
        transformResponse: (data: unknown) => data,
        ...(adapter !== undefined && { adapter }),
      })
      registerAuth(api, manager)
      if (twice) registerAuth(api, manager)
      return sender(api)
    },
  }

  function sender(api: Axios.AxiosInstance): Send {
    return async (path, { body, headers = {}, ...call } = {}) => {
      try {
        const multipart = body instanceof FormData && { 'content-type': 'multipart/form-data' }
        const config = { url: path, ...call, data: body, headers: { ...multipart, ...headers } }
        const result = await api.request(config)
        return { status: result.status, text: result.data as string, result }
      } catch (error) {
        if (!isAxiosError(error) || !error.response) return { result: error }
        const { status, data } = error.response
        return { status, text: data as string, result: error }
      }
    }
  }
}
