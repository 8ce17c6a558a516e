import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import type { JwtSession } from '@latchkey/jwt'
import { blocksOf, root } from './pages.ts'

const folder = join(root, 'e2e', 'node_modules', `.recipes-${process.pid}`)

/** What stands for a server in the documentation, and what to put there. */
type Replaced = Readonly<Record<string, string>>

/** The code of the first block of a page that holds each part of `like`. */
export function shownIn(page: string, like: string[], replaced: Replaced = {}): string {
  const block = blocksOf(page).find(({ code }) => like.every((part) => code.includes(part)))
  if (!block) throw new Error(`${page} shows no ${like.join(' with ')}`)
  return Object.entries(replaced).reduce(
    (text, [shown, real]) => text.replaceAll(shown, real),
    block.code,
  )
}

/** What that block exports once it has run. `Exports` says what the test takes it for. */
export const runShown = <Exports>(
  page: string,
  like: string[],
  replaced?: Replaced,
): Promise<Exports> => run<Exports>(shownIn(page, like, replaced))

/**
 * The session that `docs/jwt.md` shows under a name, against a real server.
 *
 * @param like Tells the block from others: a part of its code.
 */
export async function recipe(name: string, like: string, replaced: Replaced): Promise<JwtSession> {
  const code = shownIn('docs/jwt.md', [like, `const ${name} = jwtSession(`], replaced)
  const exports = await run<Record<string, JwtSession>>(`${code}\nexport { ${name} }\n`)
  return exports[name] as JwtSession
}

let count = 0

async function run<Exports>(code: string): Promise<Exports> {
  count += 1
  const file = join(folder, `${count}.ts`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, code)
  try {
    return (await import(file)) as Exports
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
