import { LatchkeyError } from '@latchkey/core'
import type { Authorization } from '@latchkey/core/adapter'
import axios, {
  type AxiosAdapter,
  type AxiosProgressEvent,
  getAdapter,
  type InternalAxiosRequestConfig,
} from 'axios'
import { copyOf } from './config-copy.ts'

export type AdapterOption = InternalAxiosRequestConfig['adapter']

/**
 * An XMLHttpRequest asked for by name would take any token outside `Authorization` to wherever a redirect
 * leads, and can be told nothing.
 *
 * @throws {LatchkeyError} `ERR_UNSAFE_TRANSPORT`.
 */
function expectKept(original: AdapterOption, headers: object): void {
  if (!fetchIsSafer()) return
  const header = Object.keys(headers).find((name) => name !== 'authorization')
  const choice = original ?? axios.defaults.adapter
  if (header === undefined || (choice !== 'xhr' && choice !== ownAdapter('xhr'))) return
  throw new LatchkeyError(
    'ERR_UNSAFE_TRANSPORT',
    `Not sent: an XMLHttpRequest would take the token in "${header}" to wherever a redirect leads. Leave the adapter to axios or ask for \`adapter: 'fetch'\`, or use the bearer scheme.`,
  )
}

/**
 * The adapter that sends `config`. The fetch adapter is made anew, given as a function too: only so does
 * it take our `env.fetch`. An XMLHttpRequest follows redirects unseen and takes any header but
 * `Authorization` along, so where axios may choose, such a header does not go by it.
 *
 * @param headers Those that carry a token.
 * @throws {LatchkeyError} `ERR_UNSAFE_TRANSPORT`, as expectKept().
 */
export function adapterOf(
  original: AdapterOption,
  config: InternalAxiosRequestConfig,
  headers: object = {},
): AxiosAdapter {
  expectKept(original, headers)
  const choice = original ?? axios.defaults.adapter
  const isFetch = typeof choice === 'function' && choice === ownAdapter('fetch')
  if (typeof choice === 'function' && !isFetch) return choice
  const mayLeak = Array.isArray(choice) && fetchIsSafer() && hasOtherSecrets(config)
  const option = isFetch || mayLeak ? 'fetch' : choice
  const adapter = (getAdapter as (option: unknown, config: unknown) => AxiosAdapter)(option, config)
  return mayLeak && config.onUploadProgress ? inOnePiece(adapter) : adapter
}

const OWN = ['http', 'fetch', 'xhr'] as const

/** One of axios' own, where the platform has it. */
function ownAdapter(name: (typeof OWN)[number]): AxiosAdapter | undefined {
  try {
    return getAdapter(name)
  } catch {
    return undefined
  }
}

/**
 * For progress the fetch adapter streams the body, which browsers refuse over HTTP/1.1. In place of an XMLHttpRequest it
 * sends it as it is, and tells of the end only.
 */
function inOnePiece(send: AxiosAdapter): AxiosAdapter {
  return async (config) => {
    const { data, onUploadProgress } = config
    const tell = () => onUploadProgress?.(completed(sizeOf(data)))
    try {
      const response = await send(Object.assign(copyOf(config), { onUploadProgress: undefined }))
      tell()
      return response
    } catch (error) {
      if ((error as { response?: unknown }).response) tell()
      throw error
    }
  }
}

const completed = (size: number | undefined): AxiosProgressEvent => ({
  loaded: size ?? 0,
  ...(size !== undefined && { total: size }),
  progress: 1,
  bytes: size ?? 0,
  upload: true,
  lengthComputable: size !== undefined,
})

function sizeOf(data: unknown): number | undefined {
  if (typeof data === 'string') return new TextEncoder().encode(data).byteLength
  const { size, byteLength } = (data ?? {}) as { size?: number; byteLength?: number }
  return size ?? byteLength
}

/**
 * An adapter function of the user's own may follow redirects, and take any header but `Authorization` along. That cannot
 * be seen or told from here, so the program's author is told of it, once.
 */
export function warnOfOwnAdapter(): (original: AdapterOption, { headers }: Authorization) => void {
  let isTold = false
  return (original, { headers }) => {
    if (isTold || typeof original !== 'function') return
    const header = Object.keys(headers).find((name) => name !== 'authorization')
    if (header === undefined || OWN.some((name) => original === ownAdapter(name))) return
    isTold = true
    // oxlint-disable-next-line no-console -- there is no event for it, and whoever wrote the adapter must know
    console.warn(
      `Latchkey: the token in "${header}" goes through an adapter function of your own. If it follows redirects, it must not take this header to another host. axios' own adapters, and the bearer scheme, do that by themselves.`,
    )
  }
}

/**
 * Whether axios would take an XMLHttpRequest although fetch can be told not to follow redirects: in pages. React Native's
 * fetch is an XMLHttpRequest itself, so there the choice stays axios' own.
 */
const fetchIsSafer = () => typeof XMLHttpRequest !== 'undefined' && 'redirect' in Request.prototype

const hasOtherSecrets = ({ sensitiveHeaders = [] }: InternalAxiosRequestConfig) =>
  sensitiveHeaders.some((name) => name !== 'authorization')
