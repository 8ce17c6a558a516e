// The API reference, from the docstrings:
//   node tools/api-reference/src/main.ts            writes docs/api
//   node tools/api-reference/src/main.ts --check    fails when docs/api says anything else
// Both fail when something that a package exports has no docstring. typedoc needs a TypeScript with a
// compiler API, which version 7 has not; version 6 is a dependency of this package alone.
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { entryPoints } from './entry-points.ts'
import { writeReference } from './reference.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const committed = join(root, 'docs', 'api')

try {
  if (process.argv.includes('--check')) await check()
  else await writeReference(root, entryPoints(root), committed)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

async function check(): Promise<void> {
  const fresh = mkdtempSync(join(tmpdir(), 'latchkey-api-'))
  try {
    await writeReference(root, entryPoints(root), fresh)
    const pages = new Set([fresh, committed].flatMap((cwd) => globSync('**/*.md', { cwd })))
    const differ = [...pages].filter((page) => read(fresh, page) !== read(committed, page))
    if (differ.length === 0) return
    console.error(`docs/api is not what the docstrings say: ${differ.toSorted().join(', ')}`)
    console.error('Renew it with: npm run docs:api')
    process.exitCode = 1
  } finally {
    rmSync(fresh, { recursive: true })
  }
}

function read(folder: string, page: string): string | undefined {
  try {
    return readFileSync(join(folder, page), 'utf8')
  } catch {
    return undefined // a page too few, or too many
  }
}
