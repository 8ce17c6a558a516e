import { CookieJar } from 'tough-cookie'

export interface Page {
  status: number
  /** Where redirects led to. */
  path: string
  text: string
  headers: Headers
}

type Fields = Record<string, string>

interface Sent {
  method: 'GET' | 'POST'
  body?: URLSearchParams
  headers?: Fields
}

/** A visitor with a separate browser. It keeps cookies by the rules of RFC 6265bis, and sends forms. */
export function openBrowser(origin: string) {
  const jar = new CookieJar(undefined, { prefixSecurity: 'strict' })

  async function send(path: string, init: Sent): Promise<Page> {
    const url = new URL(path, origin).href
    const headers = new Headers({ origin, ...init.headers })
    headers.set('cookie', await jar.getCookieString(url))
    const response = await fetch(url, { ...init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) await jar.setCookie(line, url)
    const to = response.headers.get('location')
    if (to) return send(to, { method: 'GET' })
    return { status: response.status, path, text: await response.text(), headers: response.headers }
  }

  return {
    open: (path: string) => send(path, { method: 'GET' }),
    submit: (path: string, fields: Fields = {}, headers: Fields = {}) =>
      send(path, { method: 'POST', body: new URLSearchParams(fields), headers }),
    cookies: () => jar.getCookies(origin),
  }
}
