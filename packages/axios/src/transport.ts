import { LatchkeyError } from '@latchkey/core'
import type { Authorization } from '@latchkey/core/adapter'
import axios, { type AxiosAdapter, getAdapter, type InternalAxiosRequestConfig } from 'axios'
import { likeXhr } from './like-xhr.ts'

export type AdapterOption = InternalAxiosRequestConfig['adapter']

/**
 * Refuses an XMLHttpRequest that was chosen by name, if the token is in a header other than `Authorization`. It
 * would send the token to the target of any redirect, and cannot be stopped.
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
    `The request was not sent, because an XMLHttpRequest sends the token in "${header}" to the target of any redirect. Remove the \`adapter\` option, set \`adapter: 'fetch'\`, or use the bearer scheme.`,
  )
}

/**
 * Returns the adapter that sends `config`. The fetch adapter is created anew, even if the config has it as a
 * function, because only then does it use our `env.fetch`. An XMLHttpRequest follows redirects unseen and sends
 * any header but `Authorization` along. So if axios may choose, requests with such a header do not use it.
 *
 * @param headers The headers that carry a token.
 * @throws {LatchkeyError} `ERR_UNSAFE_TRANSPORT`, as expectKept() does.
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
  return mayLeak ? likeXhr(adapter) : adapter
}

const OWN = ['http', 'fetch', 'xhr'] as const

/** Returns one of axios' own adapters, if the platform has it. */
function ownAdapter(name: (typeof OWN)[number]): AxiosAdapter | undefined {
  try {
    return getAdapter(name)
  } catch {
    return undefined
  }
}

/**
 * Warns the programmer, once, about a custom adapter function. It may follow redirects and send headers other than
 * `Authorization` along, which this code can neither see nor prevent.
 */
export function warnOfOwnAdapter(): (original: AdapterOption, { headers }: Authorization) => void {
  let isTold = false
  return (original, { headers }) => {
    if (isTold || typeof original !== 'function') return
    const header = Object.keys(headers).find((name) => name !== 'authorization')
    if (header === undefined || OWN.some((name) => original === ownAdapter(name))) return
    isTold = true
    // oxlint-disable-next-line no-console -- the author of the adapter must see it, and it has no event
    console.warn(
      `Latchkey: the token in "${header}" goes through your own adapter function. If it follows redirects, it must not send this header to another host.`,
    )
  }
}

/**
 * Returns whether axios would choose an XMLHttpRequest although fetch is safer, as in pages. React Native's fetch
 * is an XMLHttpRequest itself, so there the choice stays with axios.
 */
const fetchIsSafer = () => typeof XMLHttpRequest !== 'undefined' && 'redirect' in Request.prototype

const hasOtherSecrets = ({ sensitiveHeaders = [] }: InternalAxiosRequestConfig) =>
  sensitiveHeaders.some((name) => name !== 'authorization')
