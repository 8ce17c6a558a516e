/**
 * Plays a browser at the pages of oidc-provider: keeps cookies, follows redirects and submits each form as
 * its page would, up to an address that begins with `target`, or to a page without a form.
 *
 * @returns the last address.
 */
export async function browse(from: string | URL, target = 'nowhere:'): Promise<URL> {
  const cookies = new Map<string, string>()
  let request: { url: URL; form?: URLSearchParams | undefined } = { url: new URL(from) }
  for (let step = 0; step < 20; step += 1) {
    const { url, form } = request
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const method = form ? 'POST' : 'GET'
    const init = { method, redirect: 'manual', headers: { cookie }, body: form ?? null } as const
    const response = await fetch(url, init)
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(name, value)
    }
    const page = await response.text()
    const location = response.headers.get('location')
    const next = location === null ? formIn(page, url) : { url: new URL(location, url) }
    if (!next) return url
    if (next.url.href.startsWith(target)) return next.url
    request = next
  }
  throw new Error(`The browser did not come to ${target}.`)
}

/** The form of a page, filled in with what it holds already. */
function formIn(page: string, url: URL) {
  const action = /<form[^>]* action="([^"]*)"/.exec(page)?.[1]
  if (action === undefined) return undefined
  const fields = [...page.matchAll(/<(?:input|button)[^>]*>/g)].flatMap(([field]) => {
    const name = /name="([^"]*)"/.exec(field)?.[1]
    const value = /value="([^"]*)"/.exec(field)?.[1]
    return name === undefined || value === undefined ? [] : [[name, value]]
  })
  return { url: new URL(action, url), form: new URLSearchParams(fields) }
}
