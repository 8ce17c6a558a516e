import { registerAuth } from '@latchkey/axios'
import type { Authorizer } from '@latchkey/core/adapter'
import { wrapFetch } from '@latchkey/fetch'
import { authHooks } from '@latchkey/ky'
import * as axios from 'axios'
import ky from 'ky'

/** One request, for any client. */
export interface Call {
  method: 'GET' | 'POST'
  /** Below the server's URL, without a slash at the start. */
  path: string
  json?: unknown
}

/** Sends one request and reads the answer. Rejects in the client's own way. */
export type Send = (call: Call, signal: AbortSignal) => Promise<void>

export interface Client {
  name: string
  /** Sets the client up as a user would. `url` is the server's, with a slash at the end. */
  connect(manager: Authorizer, url: string): Send
}

export const clients: readonly Client[] = [
  { name: 'axios', connect: withAxios },
  { name: 'ky', connect: withKy },
  { name: 'fetch', connect: withFetch },
]

function withAxios(manager: Authorizer, url: string): Send {
  const api = axios.create({ baseURL: url })
  registerAuth(api, manager)
  return async ({ method, path, json }, signal) => {
    await api.request({ method, url: path, data: json, signal })
  }
}

function withKy(manager: Authorizer, url: string): Send {
  // ky must not retry, because that would hide failures.
  const api = ky.extend({ baseUrl: url, hooks: authHooks(manager), retry: 0 })
  return async ({ method, path, json }, signal) => {
    await api(path, { method, signal, ...(json !== undefined && { json }) }).json()
  }
}

function withFetch(manager: Authorizer, url: string): Send {
  const api = wrapFetch(manager)
  return async ({ method, path, json }, signal) => {
    const response = await api(url + path, {
      method,
      signal,
      ...(json !== undefined && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(json),
      }),
    })
    await response.arrayBuffer()
    if (!response.ok) {
      const answered = new Error(`the server answered ${response.status}`)
      throw manager.explain(response) ?? answered
    }
  }
}
