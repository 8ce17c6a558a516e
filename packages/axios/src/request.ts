import { parseUrl, snapshot } from '@latchkey/core/adapter'
import { Axios, type InternalAxiosRequestConfig } from 'axios'
import { isMark } from './session-mark.ts'

/** Where a request goes, as it is at the call. */
interface Address {
  url: string
  /** What makes axios write the same address later: the parameters may change, and are written once. */
  changes: Partial<InternalAxiosRequestConfig>
}

const UNCHANGED = Object.freeze({})

/**
 * Tells where axios will send a request; `undefined` for what it will complain of itself.
 *
 * A path after a base without a slash at its end is nothing else, and need not be asked of axios: that
 * takes as long as everything else we do to a request.
 */
export function createAddressReader(): (config: InternalAxiosRequestConfig) => Address | undefined {
  const reader = new Axios({})
  const uri = (asked: Partial<InternalAxiosRequestConfig>) =>
    reader.getUri(asked as InternalAxiosRequestConfig)
  return ({ url, baseURL, allowAbsoluteUrls, params, paramsSerializer }) => {
    const isPlain = url && baseURL && !params && /^\/[^/]/.test(url) && !baseURL.endsWith('/')
    if (isPlain) return { url: baseURL + url, changes: UNCHANGED }
    const asked = { url, baseURL, allowAbsoluteUrls } as Partial<InternalAxiosRequestConfig>
    try {
      if (!params) return { url: uri(asked), changes: UNCHANGED }
      const query = uri({ url: '', params, paramsSerializer } as typeof asked).slice(1)
      const changes = { params: copyOfParams(params), paramsSerializer: { serialize: () => query } }
      return { url: uri({ ...asked, ...changes }), changes }
    } catch {
      return undefined
    }
  }
}

/** An adapter of the user's own may look at them. */
function copyOfParams(params: unknown): unknown {
  const copy = snapshot(params)
  const isPlain = copy === params && Object.prototype.toString.call(params) === '[object Object]'
  return isPlain ? { ...(params as object) } : copy
}

/** axios makes `Authorization` of its `auth` option, and of a user in the URL, only when it sends. */
export const ownHeaders = ({ headers, auth }: InternalAxiosRequestConfig, url: string) => ({
  has(name: string) {
    const key = keyOf(headers, name)
    if (key !== undefined && headers[key] !== undefined && !isMark(headers[key])) return true
    return name === 'authorization' && (Boolean(auth) || namesUser(url))
  },
})

const namesUser = (url: string) =>
  url.includes('@') && Boolean(parseUrl(url, globalThis.location?.href)?.username)

/** The key that header `name`, in lower case, has here: axios keeps names as they were given. */
function keyOf(headers: object, name: string): string | undefined {
  return Object.keys(headers).find(
    (key) => key.length === name.length && key.toLowerCase() === name,
  )
}
