import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../..', import.meta.url))

/** Every page of documentation, by its path from the root. */
export const pages = globSync(
  '{*.md,docs/**/*.md,packages/*/README.md,examples/**/*.md,bench/*.md}',
  { cwd: root, exclude: ['**/node_modules/**'] },
)
  .map((page) => page.replaceAll('\\', '/'))
  .toSorted()

export const readPage = (page: string): string => readFileSync(join(root, page), 'utf8')

/** A fenced block of a page. */
export interface Block {
  page: string
  /** Of its first line. */
  line: number
  language: string
  code: string
  /** Why it is not run, or not even compiled, as the comment above it says: `<!-- not run: … -->`. */
  not: { done: 'run' | 'compiled'; because: string } | undefined
}

export function blocksOf(page: string): Block[] {
  const text = readPage(page)
  const fences = /(?:^<!-- not (run|compiled): ([^\n]+) -->\n+)?^```(\w*)\n(.*?)^```$/gms
  return [...text.matchAll(fences)].map(({ index, 0: all, 1: done, 2: because = '', ...rest }) => {
    const code = rest[4] ?? ''
    const start = index + all.length - code.length - '```'.length
    return {
      page,
      line: text.slice(0, start).split('\n').length,
      language: rest[3] ?? '',
      code,
      not: done === 'run' || done === 'compiled' ? { done, because } : undefined,
    }
  })
}
