import { pageBase, parseUrl, snapshot } from '@latchkey/core/adapter'
import { Axios, type InternalAxiosRequestConfig } from 'axios'
import { isMark, keyOf } from './session-mark.ts'

/** The target of a request, as it is at the call. */
interface Address {
  url: string
  /** Options that make axios build the same URL later: the parameters may change, so they are serialised once. */
  changes: Partial<InternalAxiosRequestConfig>
}

const UNCHANGED = Object.freeze({})

/**
 * Creates a function that returns the URL of a request. It returns `undefined` for a URL that axios will report
 * itself.
 *
 * A base without a final slash, followed by a path, needs no call to axios, which takes as long as all our other
 * work on a request.
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
      // A function, because the adapters of axios 0 do not know objects.
      const changes = { params: copyOfParams(params), paramsSerializer: () => query }
      return {
        url: uri({ ...asked, ...changes } as typeof asked),
        changes: changes as Address['changes'],
      }
    } catch {
      return undefined
    }
  }
}

/** Copies the parameters, because a custom adapter may read them. */
function copyOfParams(params: unknown): unknown {
  const copy = snapshot(params)
  const isPlain = copy === params && Object.prototype.toString.call(params) === '[object Object]'
  return isPlain ? { ...(params as object) } : copy
}

/**
 * Returns the caller's headers. axios creates `Authorization` from its `auth` option or a user in the URL only
 * later.
 */
export const ownHeaders = ({ headers, auth }: InternalAxiosRequestConfig, url: string) => ({
  has(name: string) {
    const key = keyOf(headers, name)
    if (key !== undefined && headers[key] !== undefined && !isMark(headers[key])) return true
    return name === 'authorization' && (Boolean(auth) || namesUser(url))
  },
})

const namesUser = (url: string) => url.includes('@') && Boolean(parseUrl(url, pageBase())?.username)
