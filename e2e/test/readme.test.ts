import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { measuredSizes } from '../../bench/test/measured-sizes.ts'
import { type Block, blocksOf, pages, readPage, root } from '../src/docs/pages.ts'
import { runBlock } from '../src/docs/runs.ts'

// Below e2e, so that every package resolves as it does for a user; below node_modules, so that no tool
// takes it for source.
const folder = join(root, 'e2e', 'node_modules', `.readme-${process.pid}`)

const blocks = pages.flatMap(blocksOf)
const nameOf = ({ page, line }: Block) => `${page.replaceAll(/\W/g, '-')}-${line}`
const titleOf = ({ page, line }: Block) => `${page}:${line}`

/** The examples of the reference are parts of programs; `docs/surroundings.d.ts` is the rest. */
const isReference = ({ page }: Block) => page.startsWith('docs/api/')
const typescript = blocks.filter(({ language }) => language === 'ts')
const javascript = blocks.filter(
  ({ language, page }) => language === 'js' && !page.startsWith('examples/'),
)
const runnable = typescript.filter((block) => !isReference(block) && !block.not)

let complaints: string

beforeAll(() => {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n')
  const files = typescript.map((block) => {
    const file = join(folder, `${nameOf(block)}.ts`)
    const imports = isReference(block) ? importsOf(block) : ''
    writeFileSync(file, `${imports}${block.code}\nexport {}\n`)
    return file
  })
  const surroundings = join(root, 'e2e', 'src', 'docs/surroundings.d.ts')
  complaints = compile([surroundings, ...files])
}, 60_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function compile(files: string[]): string {
  const options = ['--outDir', join(folder, 'out'), '--rootDir', folder, '--strict']
  const more = ['--module', 'nodenext', '--target', 'es2023', '--lib', 'es2024,dom']
  const rest = ['--types', 'node', '--skipLibCheck', '--ignoreConfig', '--pretty', 'false']
  const { stdout } = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules', 'typescript', 'bin', 'tsc'),
      ...options,
      ...more,
      ...rest,
      ...files,
    ],
    { cwd: folder, encoding: 'utf8' },
  )
  return stdout
}

/** What an example of the reference uses of its own page and of others. */
function importsOf({ code }: Block): string {
  const imported = new Set([...code.matchAll(/^import .*/gm)].flatMap(([line]) => line.split(/\W/)))
  const used = new Set(code.split(/\W+/))
  return [...exported]
    .filter(([name]) => used.has(name) && !imported.has(name))
    .map(([name, from]) => `import { ${name} } from '${from}'\n`)
    .join('')
}

/** Every name of the reference, with where it is imported from. */
const exported = new Map(
  pages
    .filter((page) => page.startsWith('docs/api/'))
    .flatMap((page) => {
      const from = page.replace('docs/api', '@latchkey').replace('.md', '')
      return [...readPage(page).matchAll(/^## (\w+)/gm)].map(([, name = '']) => [name, from])
    }),
)

/** What a block prints, as its comments say: `console.log(response.status) // 200`. */
const saidBy = ({ code }: Block) =>
  [...code.matchAll(/console\.log\(.*\) \/\/ ((?:\d+|true|false|ERR_\w+)(?: \d+)*)(?:$|,)/gm)].map(
    ([, said = '']) => said,
  )

describe('the code in', () => {
  it.each(typescript.map((block) => [titleOf(block), block] as const))(
    '%s compiles',
    (_, block) => {
      const own = complaints.split('\n').filter((line) => line.startsWith(`${nameOf(block)}.ts`))
      expect(own.join('\n')).toBe('')
    },
  )

  it('all of it compiles', () => expect(complaints).toBe(''))

  it.each(runnable.map((block) => [titleOf(block), block] as const))(
    '%s runs',
    { timeout: 100_000 },
    async (_, block) => {
      const code = readFileSync(join(folder, 'out', `${nameOf(block)}.js`), 'utf8')
      const { code: status, output, refused } = await runBlock(nameOf(block), code, folder)
      const lines = output.split('\n')
      const warnings = lines.filter((line) => line.startsWith('Latchkey: '))
      const untrue = saidBy(block).filter((said) => !lines.includes(said))
      const why = status === 0 ? '' : output.slice(-2_000)
      const expected = { status: 0, refused: [], warnings: [], untrue: [], why: '' }
      expect({ status, refused, warnings, untrue, why }).toEqual(expected)
    },
  )

  it('code that another test runs is in that test', () => {
    const places = blocks.flatMap(({ not }) => not?.because.match(/\b[\w-]+\/[\w./-]+/g) ?? [])
    expect(places.filter((place) => !existsSync(join(root, place)))).toEqual([])
  })

  it('JavaScript code states why it is not checked', () => {
    expect(javascript.filter(({ not }) => not?.done !== 'compiled').map(titleOf)).toEqual([])
  })
})

it('README.md names the bundle size that bench/test/budgets.test.ts measures', () => {
  const loads = ['fetch + jwt + web store', 'axios + NocoDB', 'core + fetch']
  const said = /gzipped, everything included: .*/.exec(readPage('README.md'))?.[0]
  const weights = loads.map((name) => `${((measuredSizes[name] ?? 0) / 1000).toFixed(1)} kB`)
  expect(said?.match(/[\d.]+ kB/g)).toEqual(weights)
})

it('README.md shows complete code by line 20', () => {
  const lines = readFileSync(join(root, 'README.md'), 'utf8').split('\n')
  const start = lines.indexOf('```ts')
  expect(start).toBeGreaterThan(0)
  expect(lines.indexOf('```', start)).toBeLessThanOrEqual(20)
})
