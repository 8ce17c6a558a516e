import { execFileSync, spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { packages } from '../src/installing/doors.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (...path: string[]) => readFileSync(join(root, ...path), 'utf8')

/** It is JavaScript, for whatever Node packs. */
interface Tool {
  repository: string
  filledReadme(text: string, folder: string): string
  restoredReadme(text: string, folder: string): string
  filledManifest(text: string, folder: string): string
  restoredManifest(text: string): string
  refusal(address: string, releasing: string): string | undefined
}

const page = (await import(pathToFileURL(join(root, 'tools/npm-page.mjs')).href)) as Tool
const { repository } = page

/** What a page links to or shows, outside of code, that is neither an address nor an anchor. */
function deadLinks(readme: string): string[] {
  const prose = readme.replaceAll(/^```.*?^```|`[^`\n]*`/gms, '')
  const forms = [
    /\]\(\s*<?([^)\s>]+)/g,
    /^\s*\[[^\]]+\]:\s*(\S+)/gm,
    /(?:href|src)\s*=\s*["']([^"']+)/g,
  ]
  const targets = forms.flatMap((form) =>
    [...prose.matchAll(form)].map(([, target = '']) => target),
  )
  return targets.filter((target) => !/^(https?:\/\/|mailto:|#)/.test(target))
}

describe.each(packages)('$folder', ({ folder }) => {
  const readme = read(folder, 'README.md')
  const manifest = read(folder, 'package.json')

  test('in the packed README, every link is an address or an anchor', () => {
    expect(deadLinks(readme)).not.toEqual([])
    expect(deadLinks(page.filledReadme(readme, folder))).toEqual([])
  })

  test('the packed package.json names the repository, the home page and the bug tracker', () => {
    expect(JSON.parse(page.filledManifest(manifest, folder))).toMatchObject({
      license: 'MIT',
      homepage: `${repository}/tree/HEAD/${folder}#readme`,
      bugs: { url: `${repository}/issues` },
      repository: { type: 'git', url: `git+${repository}.git`, directory: folder },
      engines: { node: expect.any(String) as string },
    })
  })

  test('has unchanged sources after packing, even if that runs several times', () => {
    const twice = page.filledReadme(page.filledReadme(readme, folder), folder)
    expect(page.restoredReadme(twice, folder)).toBe(readme)
    expect(page.restoredReadme(readme, folder)).toBe(readme)
    const again = page.filledManifest(page.filledManifest(manifest, folder), folder)
    expect(page.restoredManifest(again)).toBe(manifest)
    expect(page.restoredManifest(manifest)).toBe(manifest)
  })

  test('its README stands alone: it names the project, and ends like the others', () => {
    const [, part] = /^## Part of Latchkey$(.+)/ms.exec(readme) ?? []
    const [, others] = /^## Part of Latchkey$(.+)/ms.exec(read('packages/core/README.md')) ?? []
    expect(part).toBe(others)
    const missing = packages.filter(({ manifest: { name } }) => !part?.includes(`\`${name}\``))
    expect(missing).toEqual([])
  })
})

test('links of every form are completed, but not links in code', () => {
  const text = [
    '[a](../../README.md) [`b`](../jwt/README.md#errors "title") ![c](../../docs/images/three-tabs.png)',
    '<a href="../../docs">d</a> <img src="../../docs/images/three-tabs.png">',
    '[e]: ../../SECURITY.md',
    '[f](#here) [g](https://example.com/x) `[h](../../README.md)`',
    '```md\n[i](../../README.md)\n```',
  ].join('\n\n')
  const filled = page.filledReadme(text, 'packages/core')
  expect(filled).toBe(
    [
      `[a](${repository}/blob/HEAD/README.md) [\`b\`](${repository}/blob/HEAD/packages/jwt/README.md#errors "title") ![c](${repository}/raw/HEAD/docs/images/three-tabs.png)`,
      `<a href="${repository}/tree/HEAD/docs">d</a> <img src="${repository}/raw/HEAD/docs/images/three-tabs.png">`,
      `[e]: ${repository}/blob/HEAD/SECURITY.md`,
      '[f](#here) [g](https://example.com/x) `[h](../../README.md)`',
      '```md\n[i](../../README.md)\n```',
    ].join('\n\n'),
  )
  expect(page.restoredReadme(filled, 'packages/core')).toBe(text)
})

test.each(['npm', 'pnpm'])(
  '%s packs completed links, and leaves the sources unchanged',
  (packer) => {
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-pack-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const cwd = join(root, 'packages/fetch')
    const before = [read('packages/fetch/README.md'), read('packages/fetch/package.json')]
    const shell = process.platform === 'win32'
    execFileSync(packer, ['pack', '--pack-destination', folder], { cwd, shell, stdio: 'pipe' })
    execFileSync('tar', ['xzf', ...globSync('*.tgz', { cwd: folder })], { cwd: folder })
    const packed = join(folder, 'package')
    expect(deadLinks(readFileSync(join(packed, 'README.md'), 'utf8'))).toEqual([])
    expect(JSON.parse(readFileSync(join(packed, 'package.json'), 'utf8'))).toMatchObject({
      homepage: `${repository}/tree/HEAD/packages/fetch#readme`,
    })
    expect([read('packages/fetch/README.md'), read('packages/fetch/package.json')]).toEqual(before)
  },
)

describe('a release', () => {
  const env = { GITHUB_SERVER_URL: 'https://github.com', GITHUB_REPOSITORY: 'somebody/latchkey' }

  test('is refused until package.json names the repository', () => {
    const options = { encoding: 'utf8', env: { ...process.env, ...env } } as const
    const args = [join(root, 'tools/npm-page.mjs'), 'check']
    const { status, stderr } = spawnSync(process.execPath, args, options)
    if (!repository.includes('.invalid')) return // a maintainer has set it
    expect(stderr).toContain('set "repository" to its address')
    expect(status).toBe(1)
  })

  test('is refused from any other repository, and continues from that one', () => {
    const here = 'https://github.com/somebody/latchkey'
    expect(page.refusal('https://not-set.invalid/latchkey', here)).toContain('does not say')
    expect(page.refusal('https://github.com/another/latchkey', here)).toContain(here)
    expect(page.refusal(here, here)).toBeUndefined()
  })

  test('asks before it packs', () => {
    const workflow = read('.github/workflows/release.yml')
    const asked = workflow.indexOf('node tools/npm-page.mjs check')
    expect(asked).toBeGreaterThan(0)
    expect(asked).toBeLessThan(workflow.indexOf('changesets/action/pack'))
  })
})
