/**
 * Returns the cookie's name for the session `name`. It is unique, and every browser and server accepts it.
 * `__Host-` makes the browser refuse it from sub-domains, which could otherwise replace the session.
 */
export function cookieNames(app: string, isSecure: boolean) {
  const prefix = `${isSecure ? '__Host-' : ''}latchkey.${app}.`
  return {
    of: (name: string) => prefix + encode(name),
    /** The names of sessions among `cookies`. */
    among: (cookies: string[]) =>
      cookies
        .filter((cookie) => cookie.startsWith(prefix))
        .flatMap((cookie) => decode(cookie.slice(prefix.length))),
  }
}

/**
 * JSON escapes what is not well-formed text. Parentheses may not stand in a cookie's name; a number after a dot at its end
 * would be taken for a piece of another session.
 */
function encode(name: string): string {
  const encoded = encodeURIComponent(JSON.stringify(name).slice(1, -1))
  return encoded
    .replaceAll('(', '%28')
    .replaceAll(')', '%29')
    .replace(/\.(\d+)$/, '%2E$1')
}

function decode(encoded: string): string[] {
  try {
    return [JSON.parse(`"${decodeURIComponent(encoded)}"`) as string]
  } catch {
    return [] // not one of ours
  }
}
