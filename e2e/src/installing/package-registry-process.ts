// A registry in a process of its own: the folder of the package verdaccio, and one to keep packages in.
import type { Server } from 'node:http'
import { join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'

const [verdaccio = '', folder = ''] = process.argv.slice(2)
const entry = pathToFileURL(join(verdaccio, 'build/index.mjs')).href
const { runServer } = (await import(entry)) as { runServer(config: object): Promise<Server> }

const everybody = { access: '$all', publish: '$all', unpublish: '$all' }
const server = await runServer({
  configPath: join(folder, 'config.yaml'), // nothing is there; its folder is where files go
  storage: join(folder, 'storage'),
  uplinks: {},
  packages: { '@latchkey/*': everybody },
  log: { type: 'stdout', format: 'json', level: 'warn' },
  web: { enable: false },
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.(typeof address === 'object' && address ? address.port : 0)
})
