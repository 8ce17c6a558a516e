import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync } from 'vite'
import { describe, expect, test } from 'vitest'
import { readPage, root } from '../src/docs/pages.ts'

/** What clients call their own errors, and what a case of a contract calls one of its grants. */
const foreign = ['ERR_NETWORK', 'ERR_WRONG_PASSWORD']

const sources = globSync('packages/*/src/**/*.ts', { cwd: root }).map((file) => ({
  file,
  text: readFileSync(join(root, file), 'utf8'),
}))
const inSource = new Set(sources.flatMap(({ text }) => text.match(/(?<=')ERR_[A-Z_]+(?=')/g) ?? []))

/** Every string of the sources. A template is as many strings as its `${…}` leave. */
const strings = new Set(sources.flatMap(({ file, text }) => stringsIn(parseSync(file, text))))

/** The chapters of docs/errors.md, one for each code: the heading, and the text up to the next one. */
const chapters = [...readPage('docs/errors.md').matchAll(/^### (.+)\n([^]*?)(?=^##|$(?![^]))/gm)]
const listed = chapters.map(([, heading = '']) => heading)

test('every error code in the source has a heading in docs/errors.md', () => {
  const ours = [...inSource].filter((code) => !foreign.includes(code) && !code.endsWith('_'))
  expect(ours.filter((code) => !listed.includes(code))).toEqual([])
})

test('every heading of docs/errors.md is a code in the source, and stands there once', () => {
  expect(listed.filter((code) => !inSource.has(code))).toEqual([])
  expect(listed.filter((code, at) => listed.indexOf(code) !== at)).toEqual([])
})

describe('docs/errors.md', () => {
  test.each(chapters.map(([, code = '', text = '']) => [code, text] as const))(
    'quotes what %s prints, and tells what happened, the session afterwards and what to do',
    (_, text) => {
      const quoted = [...text.matchAll(/^> (.+)$/gm)].map(([, sentence = '']) => sentence)
      expect(quoted).not.toEqual([])
      expect(quoted.filter((sentence) => !isPrinted(sentence))).toEqual([])
      const told = [...text.matchAll(/^- \*\*(.+):\*\* \S/gm)].map(([, part]) => part)
      expect(told).toEqual(['What happened', 'The session', 'What to do'])
    },
  )
})

function stringsIn({ program }: ReturnType<typeof parseSync>): string[] {
  const found: string[] = []
  JSON.stringify(program, (_, node: { type?: string; value?: unknown } | null) => {
    if (node?.type === 'Literal' && typeof node.value === 'string') found.push(node.value)
    if (node?.type === 'TemplateElement') found.push((node.value as { cooked: string }).cooked)
    return node
  })
  return found.filter((text) => text !== '')
}

/** Whether the sources hold all of a sentence but `…`, which stands for what varies. */
function isPrinted(sentence: string): boolean {
  const parts = sentence.split('…').map((part) => part.trim())
  return parts.every((part) =>
    [...strings].some((text) => text.includes(part) || joins(text, part)),
  )
}

/** Whether `part` begins with the end of `text`, and goes on with other strings, the last of which may go on too. */
function joins(text: string, part: string): boolean {
  const lengths = Array.from({ length: Math.min(text.length, part.length) }, (_, at) => at + 1)
  return lengths.some(
    (length) => text.endsWith(part.slice(0, length)) && goesOn(part.slice(length)),
  )
}

function goesOn(part: string): boolean {
  return [...strings].some(
    (text) => text.startsWith(part) || (part.startsWith(text) && goesOn(part.slice(text.length))),
  )
}
