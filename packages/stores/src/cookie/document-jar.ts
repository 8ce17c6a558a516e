import { parseCookie } from 'cookie'
import { StoreError } from '../store-error.ts'
import type { Jar } from './jar.ts'

/** The cookies that a page's scripts can read and write, which `HttpOnly` ones are not. */
export function documentJar(document: { cookie: string }): Jar {
  const read = () => {
    try {
      return parseCookie(document.cookie)
    } catch (cause) {
      throw denied('The page may not use cookies here, as in a sandboxed frame.', cause)
    }
  }
  return {
    attributes: { sameSite: 'strict' },
    read,
    write({ name, value, line }) {
      read() // says better than the write what is wrong
      document.cookie = line
      if (read()[name] === value) return
      throw denied(
        'The browser did not take the cookie: cookies are blocked, a server has set an HttpOnly one of that name, or the page is on plain http beyond localhost.',
      )
    },
  }
}

const denied = (message: string, cause?: unknown) =>
  new StoreError('ERR_STORE_DENIED', message, cause === undefined ? {} : { cause })
