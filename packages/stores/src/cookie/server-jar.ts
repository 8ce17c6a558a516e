import { parseCookie, parseSetCookie } from 'cookie'
import { StoreError } from '../store-error.ts'
import type { Jar } from './jar.ts'

/** What we use of Node's `IncomingMessage` and `ServerResponse`, and so of Express' and Next's. */
export interface NodeExchange {
  /** The request. */
  req: {
    /** Its headers. */
    readonly headers: {
      /** The cookies that came. */
      readonly cookie?: string | undefined
    }
  }
  /** The response, not yet sent. */
  res: {
    /** Whether the headers have been sent: then no cookie can be set any more. */
    readonly headersSent?: boolean
    /** A header that has been set. */
    getHeader(name: string): number | string | readonly string[] | undefined
    /** Sets a header. Throws once the response has been sent. */
    setHeader(name: string, value: readonly string[]): unknown
  }
}

/** A `Request`, and the headers of the response to come. */
export interface FetchExchange {
  /** The request. */
  request: {
    /** Its headers, of which the cookies are read. */
    readonly headers: Headers
  }
  /** Those of the response, to which `Set-Cookie` is added. */
  headers: Headers
}

/** What differs between the two. */
interface Exchange {
  received(): string
  /** The `Set-Cookie` headers of the response, everybody's. */
  leaving(): readonly string[]
  /** @throws When the response has left, or its headers are read-only. */
  leave(lines: readonly string[]): void
}

/** Reads and writes the headers themselves and keeps nothing: so several stores on one exchange agree. */
function serverJar({ received, leaving, leave }: Exchange): Jar {
  return {
    attributes: { httpOnly: true, sameSite: 'lax' },
    read() {
      const cookies = parseCookie(received())
      for (const line of leaving()) {
        const { name, value } = parseSetCookie(line)
        cookies[name] = value || undefined // an empty one is a removed one
      }
      return cookies
    },
    write({ name, line }) {
      const others = leaving().filter((other) => parseSetCookie(other).name !== name)
      try {
        leave([...others, line])
      } catch (cause) {
        throw new StoreError(
          'ERR_STORE_DENIED',
          'The response has been sent, or its headers are read-only, so the session cannot be put into its cookie. Have the token (`await manager.getTokens()`) before the response starts.',
          { cause },
        )
      }
    },
  }
}

export function nodeJar({ req, res }: NodeExchange): Jar {
  return serverJar({
    received: () => req.headers.cookie ?? '',
    leaving: () => [res.getHeader('Set-Cookie') ?? []].flat().map(String),
    leave: (lines) => void res.setHeader('Set-Cookie', lines),
  })
}

export function fetchJar({ request, headers }: FetchExchange): Jar {
  return serverJar({
    received: () => request.headers.get('cookie') ?? '',
    leaving: () => headers.getSetCookie(),
    leave(lines) {
      headers.delete('set-cookie')
      for (const line of lines) headers.append('set-cookie', line)
    },
  })
}
