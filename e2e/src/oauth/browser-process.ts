import process from 'node:process'
import { browse } from './browser.ts'

// A browser as a program, for BROWSER: `node oauth-browser-process.ts <address>`.
await browse(process.argv[2] ?? '')
