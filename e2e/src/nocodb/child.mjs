// Runs one NocoDB server in this process: `node nocodb-child.mjs <install folder> <port>`, with an
// empty data folder as the working directory. Tells its parent the port and ends with its parent.
import { rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'

const [folder, port] = process.argv.slice(2)
const fromFolder = createRequire(join(folder, 'package.json'))
const { Noco } = fromFolder('nocodb')
const express = createRequire(fromFolder.resolve('nocodb'))('express')

// Without a parent nobody tidies up. Ctrl-C reaches both: it is the parent's to decide what it means.
process.on('disconnect', () => {
  const dataFolder = process.cwd()
  process.chdir(dirname(dataFolder))
  if (basename(dataFolder).startsWith('latchkey-nocodb-'))
    rmSync(dataFolder, { recursive: true, force: true })
  process.exit(0)
})
process.on('SIGINT', () => {})

const app = express()
const server = app.listen(Number(port), '127.0.0.1', async () => {
  app.use(await Noco.init({}, server, app))
  process.send({ port: server.address().port })
})
server.on('error', (error) => {
  console.error(error.message)
  process.exit(1)
})
