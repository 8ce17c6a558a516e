import {
  type AxiosAdapter,
  AxiosError,
  type AxiosProgressEvent,
  type InternalAxiosRequestConfig,
} from 'axios'
import { copyOf } from './config-copy.ts'

/**
 * Makes axios' fetch adapter do what an XMLHttpRequest would, for requests that axios would have sent with one. A GET
 * has no body, and no body has no type. Cookies of the page's own origin are sent. Limits of other adapters do not
 * apply. Errors have the same code and message.
 *
 * The body is sent in one piece, and its progress is reported only at the end. For progress, the fetch adapter would
 * stream the body, which browsers refuse over HTTP/1.1.
 */
export function likeXhr(send: AxiosAdapter): AxiosAdapter {
  return async (config) => {
    const { data, onUploadProgress } = config
    const hasBody = !/^(get|head)$/i.test(config.method ?? 'get')
    const size = hasBody ? sizeOf(data) : 0
    if (data === undefined) config.headers.setContentType(null)
    const tell = () => size !== 0 && onUploadProgress?.(completed(size))
    try {
      const response = await send(
        Object.assign(copyOf(config), {
          data: hasBody ? data : undefined,
          withCredentials: config.withCredentials || undefined,
          onUploadProgress: undefined,
          maxBodyLength: undefined,
          maxContentLength: undefined,
          maxRedirects: undefined,
        }),
      )
      tell()
      return response
    } catch (error) {
      if ((error as { response?: unknown }).response) tell()
      throw asOfXhr(error, config)
    }
  }
}

/** Gives an error the code and the message that it would have from an XMLHttpRequest. */
function asOfXhr(
  error: unknown,
  { transitional, timeoutErrorMessage, signal }: InternalAxiosRequestConfig,
): unknown {
  const { code } = error as AxiosError
  if (code === AxiosError.ERR_CANCELED && signal?.aborted)
    return Object.assign(error as AxiosError, { message: 'canceled' })
  if (code !== AxiosError.ETIMEDOUT) return error
  return Object.assign(error as AxiosError, {
    code: transitional?.clarifyTimeoutError ? code : AxiosError.ECONNABORTED,
    message: timeoutErrorMessage || (error as AxiosError).message,
  })
}

const completed = (size: number | undefined): AxiosProgressEvent => ({
  loaded: size ?? 0,
  ...(size !== undefined && { total: size }),
  progress: 1,
  bytes: size ?? 0,
  upload: true,
  lengthComputable: size !== undefined,
})

/** Returns the size of a body in bytes; of a form, the size of its values. */
function sizeOf(data: unknown): number | undefined {
  if (typeof data === 'string') return new TextEncoder().encode(data).byteLength
  if (data instanceof FormData)
    return [...data.values()].reduce((sum, value) => sum + (sizeOf(value) ?? 0), 0)
  const { size, byteLength } = (data ?? { size: 0 }) as { size?: number; byteLength?: number }
  return size ?? byteLength
}
