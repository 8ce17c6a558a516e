import { createServer } from 'node:http'
import { createNocoDBDouble } from '@latchkey/testing'
import { listen } from '@latchkey/testing/node'
import type { TestProject } from 'vitest/node'
import { forwardTo, withNocoDBCors } from './test/support/forward.ts'
import { startControl } from './test/support/world-control.ts'
import { listen as listenAnywhere, startWorldServer, stop } from './test/support/world-server.ts'

/** The one user that the NocoDB double knows. */
const user = { email: 'ada@example.com', password: 'correct horse' }

/**
 * Starts what the browser tests talk to, and tells them where it is. The NocoDB double is reached in
 * two ways: at another origin, with NocoDB's CORS, and under the test page's own, as behind a reverse
 * proxy. Its access tokens live for a second, so that a page can wait for a refresh.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const worlds = await startWorldServer()
  const control = await startControl(worlds)
  const double = createNocoDBDouble({ accessTokenLifetimeMs: 1_000 })
  double.control.addUser(user)
  const nocodb = await listen(double)
  const elsewhere = createServer(
    withNocoDBCors(forwardTo(nocodb.url, { 'access-control-allow-origin': '*' })),
  )
  // Before Vite's own handlers, which would answer with the page.
  project.vite.middlewares.stack.unshift({ route: '/nocodb', handle: forwardTo(nocodb.url) })
  project.provide('controlUrl', control.url)
  project.provide('nocodb', { url: await listenAnywhere(elsewhere), proxiedAt: '/nocodb', ...user })
  return async () => {
    const closing = [worlds.close(), control.close(), stop(elsewhere), nocodb.close()]
    await Promise.all(closing)
  }
}

declare module 'vitest' {
  interface ProvidedContext {
    /** Where a page opens a world and looks into it. */
    controlUrl: string
    /** `url`: another origin than the page's; `proxiedAt`: a path of the page's own origin. */
    nocodb: { url: string; proxiedAt: string; email: string; password: string }
  }
}
