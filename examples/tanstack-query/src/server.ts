import { fileURLToPath } from 'node:url'
import { createNocoDBDouble, type NocoDBDouble } from '@latchkey/testing'
import { listen } from '@latchkey/testing/node'
import { build, type Plugin, preview } from 'vite'

/** The only user. The page fills in the password, because the server is a double that keeps nothing. */
const user = { email: 'ada@example.com', password: 'correct horse' }

/** Serves the page, and its own NocoDB below `/api`, on one origin as behind a reverse proxy. */
export async function serveExample(port: number): Promise<{ url: string }> {
  const double = createNocoDBDouble()
  double.control.addUser(user)
  for (let number = 1; number < 20; number += 1)
    double.control.addTable({ title: `Notes ${number}` })
  const api = await listen(double)
  const root = fileURLToPath(new URL('../page', import.meta.url))
  const output = { outDir: '../dist', emptyOutDir: true }
  await build({ root, configFile: false, logLevel: 'error', build: output })
  const server = await preview({
    root,
    configFile: false,
    build: output,
    preview: { port, proxy: { '/api': api.url } },
    plugins: [administration(double, user.email)],
  })
  const [url = ''] = server.resolvedUrls?.local ?? []
  return { url }
}

/** Actions of a server's administrator, and the server's own counts. */
function administration({ control }: NocoDBDouble, email: string): Plugin {
  return {
    name: 'administration',
    configurePreviewServer: ({ middlewares }) => {
      middlewares.use('/admin/refuse-tokens', (_, response) => {
        control.revokeAccessTokens(email)
        response.end()
      })
      middlewares.use('/admin/counts', (_, response) => {
        response.setHeader('content-type', 'application/json').end(JSON.stringify(control.counts()))
      })
    },
  }
}
