import { serveExample } from './server.ts'

const { url } = await serveExample(Number(process.env['PORT'] ?? 4173))
console.log(`Open ${url} (Ctrl-C ends it)`)
