import { existsSync, statSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { pages, readPage, root } from '../src/docs/pages.ts'

/** Without its code, in which a bracket is no link and a `#` no heading. */
const prose = (page: string) => readPage(page).replaceAll(/^```.*?^```$/gms, '')

interface Link {
  /** From the root; empty for the page itself. */
  path: string
  anchor: string
}

/** The links of a page to files of ours. */
function linksOf(page: string): Link[] {
  const text = prose(page).replaceAll(/`[^`\n]+`/g, 'code')
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [file = '', anchor = ''] = target.split('#')
      const path = file === '' ? page : posix.join(posix.dirname(page), file)
      return { path: path.replace(/\/$/, ''), anchor }
    })
}

/** As GitHub makes them of headings, and what a page sets itself. */
function anchorsOf(page: string): Set<string> {
  const text = prose(page)
  const seen = new Map<string, number>()
  const headings = [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, title = '']) => {
    const words = title.replaceAll(/\]\([^)]*\)/g, '').toLowerCase()
    const slug = words.replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '').replaceAll(' ', '-')
    const before = seen.get(slug) ?? 0
    seen.set(slug, before + 1)
    return before === 0 ? slug : `${slug}-${before}`
  })
  const own = [...text.matchAll(/<a id="([^"]+)"/g)].map(([, id = '']) => id)
  return new Set([...headings, ...own])
}

describe('the links of', () => {
  it.each(pages)('%s lead somewhere', (page) => {
    const dead = linksOf(page).filter(({ path, anchor }) => {
      if (!existsSync(join(root, path))) return true
      return anchor !== '' && path.endsWith('.md') && !anchorsOf(path).has(anchor)
    })
    expect(dead.map(({ path, anchor }) => (anchor ? `${path}#${anchor}` : path))).toEqual([])
  })
})

it('every page of docs is at most two clicks from README.md', () => {
  const reached = new Set(['README.md'])
  for (let clicks = 1; clicks <= 2; clicks += 1) {
    for (const page of [...reached].filter((path) => path.endsWith('.md'))) {
      for (const { path } of linksOf(page)) if (existsSync(join(root, path))) reached.add(path)
    }
  }
  // A folder shows what is in it.
  const isReached = (page: string) =>
    reached.has(page) ||
    (reached.has(dirname(page)) && statSync(join(root, dirname(page))).isDirectory())
  expect(pages.filter((page) => page.startsWith('docs/') && !isReached(page))).toEqual([])
})
