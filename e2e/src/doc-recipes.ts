import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import type { JwtSession } from '@latchkey/jwt'
import { blocksOf, root } from './doc-pages.ts'

const page = 'docs/jwt.md'
const folder = join(root, 'e2e', 'node_modules', `.recipes-${process.pid}`)

/**
 * The session that `docs/jwt.md` shows under a name, against a real server.
 *
 * @param like Tells the block from others: a part of its code.
 * @param replaced What stands for the server in the documentation, and what to put there.
 */
export async function recipe(
  name: string,
  like: string,
  replaced: Readonly<Record<string, string>>,
): Promise<JwtSession> {
  const block = blocksOf(page).find(
    ({ code }) => code.includes(like) && code.includes(`const ${name} = jwtSession(`),
  )
  if (!block) throw new Error(`${page} shows no such ${name}`)
  const code = Object.entries(replaced).reduce(
    (text, [shown, real]) => text.replaceAll(shown, real),
    block.code,
  )
  const file = join(folder, `${name}-${block.line}.ts`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, `${code}\nexport { ${name} }\n`)
  try {
    return ((await import(file)) as Record<string, JwtSession>)[name] as JwtSession
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
