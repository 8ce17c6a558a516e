import type { Scene } from './scene.ts'

/** URLs that have fooled clients: each with the base URL that the client is given. */
export function hostileUrls({ api, other }: Scene): { path: string; baseUrl: string }[] {
  const { origin, port: apiPort, pathname } = new URL(api)
  const { host, port } = new URL(other)
  const rest = `${new URL(other).pathname}/items`
  const absolute = [
    `${other}/items`,
    `HTTP://${host}${rest}`,
    `//${host}${rest}`,
    `\\\\${host}${rest}`,
    `/\\${host}${rest}`,
    `http:\\\\${host}${rest}`,
    ` http://${host}${rest}`,
    `\thttp://${host}${rest}`,
    `\nhttp://${host}${rest}`,
    `ht\ntp://${host}${rest}`,
    `http:/${host}${rest}`,
    `http://${new URL(api).host}@${host}${rest}`,
    `http://user:secret@${host}${rest}`,
    `http://127.1:${port}${rest}`,
    `http://2130706433:${port}${rest}`,
    `http://0x7f.1:${port}${rest}`,
    `http://127.0.0.1.:${port}${rest}`,
    `http://localhost:${apiPort}${pathname}/items`,
    `http://127.0.0.2:${apiPort}${pathname}/items`,
    `http://[::1%25lo]:${port}${rest}`,
    `https://${new URL(api).host}${pathname}/items`,
    `http://${host}?@${new URL(api).host}/`,
    `http://ⓛocalhost:${port}${rest}`,
    `http://[::ffff:127.0.0.1]:${port}${rest}`,
    `data:text/plain,mine`,
    `blob:${origin}/0`,
    'file:///etc/hostname',
  ]
  // Glued to a base URL without a slash at its end, these make another host of it.
  const glued = [`@${host}${rest}`, `.evil.test${rest}`]
  return [
    ...absolute.map((path) => ({ path, baseUrl: api })),
    ...glued.map((path) => ({ path, baseUrl: origin })),
  ]
}
