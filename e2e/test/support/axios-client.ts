import { Readable } from 'node:stream'
import { registerAuth } from '@latchkey/axios'
import type * as Axios from 'axios'
import { type Client, type Send, webStream } from './client.ts'

export function axiosClient(
  name: string,
  { default: axios, isAxiosError, isCancel }: typeof Axios,
  adapter: 'http' | 'fetch' | Axios.AxiosAdapter,
): Client {
  const instance = (base: string) =>
    axios.create({ baseURL: base, adapter, transformResponse: (data: unknown) => data })
  return {
    name,
    connect(manager, base) {
      const api = instance(base)
      registerAuth(api, manager)
      return sender(api)
    },
    connectTwice(manager, base) {
      const api = instance(base)
      registerAuth(api, manager)
      registerAuth(api, manager)
      return sender(api)
    },
    stream: (text) => (adapter === 'http' ? Readable.from([Buffer.from(text)]) : webStream(text)),
    isAbort: (error) => isCancel(error),
  }

  function sender(api: Axios.AxiosInstance): Send {
    return async (path, { body, headers = {}, ...call } = {}) => {
      try {
        const multipart = body instanceof FormData && { 'content-type': 'multipart/form-data' }
        const result = await api.request({
          url: path,
          ...call,
          data: body,
          headers: { ...multipart, ...headers },
        })
        return { status: result.status, text: result.data, result }
      } catch (error) {
        if (!isAxiosError(error) || !error.response) return { result: error }
        const { status, data } = error.response
        return { status, text: data, result: error, isOwnError: true }
      }
    }
  }
}
