// Runs one Directus server in this process: `node directus-child.mjs <install folder> <what>`, with its data
// folder as the working directory. `bootstrap` fills an empty database and ends; `serve` tells the parent the
// port and ends with its parent.
import { rmSync } from 'node:fs'
import { createRequire, registerHooks } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [folder, what] = process.argv.slice(2)
const fromFolder = createRequire(join(folder, 'package.json'))
const fromDirectus = createRequire(fromFolder.resolve('directus/package.json'))
const load = (part) => import(pathToFileURL(fromDirectus.resolve(`@directus/api/${part}`)).href)

// What runs the scripts of flows and extensions. There are none, and it would take minutes to compile.
const nothing = pathToFileURL(fromDirectus.resolve('@directus/api/package.json')).href
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'isolated-vm'
      ? { url: nothing, format: 'json', importAttributes: { type: 'json' }, shortCircuit: true }
      : next(specifier, context),
})

// Without a parent nobody tidies up. Ctrl-C reaches both: it is the parent's to decide what it means.
process.on('disconnect', () => {
  const dataFolder = process.cwd()
  process.chdir(dirname(dataFolder))
  if (basename(dataFolder).startsWith('latchkey-directus-'))
    rmSync(dataFolder, { recursive: true, force: true })
  process.exit(0)
})

if (what === 'bootstrap') {
  const { default: bootstrap } = await load('cli/commands/bootstrap/index')
  await bootstrap({})
} else {
  const { createServer } = await load('server')
  const server = await createServer()
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
}
