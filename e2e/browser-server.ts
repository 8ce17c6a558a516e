import { createNocoDBDouble } from '@latchkey/testing'
import { listen, startContractServers } from '@latchkey/testing/node'
import type { TestProject } from 'vitest/node'
import { forwardTo, serve, withNocoDBCors } from './test/support/forward.ts'

/** The one user that the NocoDB double knows. */
const user = { email: 'ada@example.com', password: 'correct horse' }

/**
 * Starts what the browser tests talk to, and tells them where it is. The NocoDB double is reached in
 * two ways: at another origin, with NocoDB's CORS, and under the test page's own, as behind a reverse
 * proxy. Its access tokens live for a second, so that a page can wait for a refresh.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const servers = await startContractServers()
  const double = createNocoDBDouble({ accessTokenLifetimeMs: 1_000 })
  double.control.addUser(user)
  const nocodb = await listen(double)
  const elsewhere = await serve(
    withNocoDBCors(forwardTo(nocodb.url, { 'access-control-allow-origin': '*' })),
  )
  // Before Vite's own handlers, which would answer with the page.
  project.vite.middlewares.stack.unshift({ route: '/nocodb', handle: forwardTo(nocodb.url) })
  project.provide('controlUrl', servers.url)
  project.provide('nocodb', { url: elsewhere.url, proxiedAt: '/nocodb', ...user })
  return async () => {
    const closing = [servers.close(), elsewhere.close(), nocodb.close()]
    await Promise.all(closing)
  }
}

declare module 'vitest' {
  interface ProvidedContext {
    /** Where a page opens its corner of the contract's servers. */
    controlUrl: string
    /** `url`: another origin than the page's; `proxiedAt`: a path of the page's own origin. */
    nocodb: { url: string; proxiedAt: string; email: string; password: string }
  }
}
