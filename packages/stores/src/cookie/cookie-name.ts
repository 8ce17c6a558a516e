/**
 * The cookie that holds the session of `name`: a name that every browser and server takes, and which no
 * other session has. `__Host-` makes the browser refuse it from sub-domains, which could otherwise put
 * a session of theirs in its place.
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

/** JSON writes what is no well-formed text with escapes; parentheses may stand in no cookie's name. */
function encode(name: string): string {
  const encoded = encodeURIComponent(JSON.stringify(name).slice(1, -1))
  return encoded.replaceAll('(', '%28').replaceAll(')', '%29')
}

function decode(encoded: string): string[] {
  try {
    return [JSON.parse(`"${decodeURIComponent(encoded)}"`) as string]
  } catch {
    return [] // not one of ours
  }
}
