import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What people read: sources, guides, READMEs. Decision records keep the words of their day. */
const files = execFileSync('git', ['ls-files', 'packages', 'docs', 'examples', '*.md'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => /\.(ts|md)$/.test(file))
  .filter((file) => !/decisions\/|CHANGELOG|^docs\/api\//.test(file))

/** Words that the glossary of CONTRIBUTING.md has replaced, and sentences that hide who does what. */
const replaced: readonly [string, RegExp][] = [
  ['waist: the two calls of a manager', /\bwaist\b/i],
  ['keeper: a manager', /\b\w*keeper\b/i],
  ['somebody, nobody: name who it is', /\b(some|no)body\b/i],
  [
    'is no, are no: is not a',
    /\b(is|are) no (?!longer\b|more\b|need\b|one\b|other\b|way\b|lock\b)/i,
  ],
]

test.each(replaced)('%s', (_, word) => {
  const found = files.flatMap((file) => {
    const lines = readFileSync(join(root, file), 'utf8').split('\n')
    const isGlossary = (line: string) => file === 'CONTRIBUTING.md' && line.startsWith('| ')
    return lines.flatMap((line, at) =>
      word.test(line) && !isGlossary(line) ? [`${file}:${at + 1}: ${line.trim()}`] : [],
    )
  })
  expect(found).toEqual([])
})
