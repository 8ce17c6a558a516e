/** @returns the path as `/one/two`, without a slash at the end; `''` for the root. */
export function normalBasePath(basePath: string): string {
  const inner = basePath.replace(/^\/+|\/+$/g, '')
  return inner === '' ? '' : `/${inner}`
}

/** @returns the same request with the base path taken off, or undefined when it lies outside. */
export function withoutBasePath(request: Request, basePath: string): Request | undefined {
  if (basePath === '') return request
  const url = new URL(request.url)
  if (!url.pathname.startsWith(`${basePath}/`)) return undefined
  url.pathname = url.pathname.slice(basePath.length)
  return new Request(url, request)
}
