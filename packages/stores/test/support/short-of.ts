// Stores a session in a process that is short of something. Its arguments: the directory, how long the
// token is, and `files` to use up all file handles first. It prints what came of it.
import { openSync } from 'node:fs'
import process from 'node:process'
import { fileStore } from '../../src/file.ts'

const [directory = '', length, short] = process.argv.slice(2)
const store = fileStore({ directory })
const tokens = { accessToken: 'CANARY-7f3a'.padEnd(Number(length), 'x') }

/** What is loaded late needs handles too. */
await store.setToken({ accessToken: 'CANARY-7f3a-before' }, 'me')
if (short === 'files') hoard()
try {
  await store.setToken(tokens, 'me')
  process.stdout.write('stored')
} catch (error) {
  const { code, cause } = error as { code: string; cause: { code: string } }
  process.stdout.write(`${code} ${cause.code}`)
}
process.exit()

function hoard(): void {
  try {
    for (;;) openSync(directory, 'r')
  } catch {}
}
