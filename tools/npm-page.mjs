// What npm shows of a package: its README, and where its source, its page and its bugs are. A source keeps links that work in this
// repository, and nothing of where that is; both are filled in while a package is packed (prepack) and taken out again (postpack).
// The address is `repository` in the package.json above. Whatever Node packs has to run this: no TypeScript.
//   node ../../tools/npm-page.mjs fill | restore    in a package's folder
//   node tools/npm-page.mjs check                   before a release: is the address that of the repository which releases?
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { basename, extname, join, posix } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Where the repository is, without a slash at the end. */
export const repository = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
).repository.replace(/\/$/, '')

/** A link or picture of Markdown or HTML, up to where it leads, and where; none is in code. */
const code = /^```.*?^```$|`[^`\n]+`/gms
const links = /(\]\(\s*<?|^\s*\[[^\]]+\]:\s*|(?:href|src)\s*=\s*["'])([^\s)>"']+)/gm

const fields = ['homepage', 'bugs', 'repository']

/** A README as it can be read away from the repository. `folder` is from the root: `packages/core`. */
export function filledReadme(text, folder) {
  return withLinks(text, (target) => {
    if (/^([a-z][a-z+.-]*:|#)/i.test(target)) return target
    const [path = '', anchor] = target.split('#', 2)
    const from = posix.join(folder, path)
    return `${repository}/${kindOf(from)}/HEAD/${from}${anchor === undefined ? '' : `#${anchor}`}`
  })
}

/** The README of the source again. */
export function restoredReadme(text, folder) {
  return withLinks(text, (target) => {
    if (!target.startsWith(`${repository}/`)) return target
    const [, path] =
      /^(?:blob|tree|raw)\/HEAD\/(.+)/.exec(target.slice(repository.length + 1)) ?? []
    if (path === undefined) return target
    return `../${posix.relative(posix.dirname(folder), path)}` // so links are spelled: ../fetch/README.md, also in fetch
  })
}

/** A package.json that says where everything is. */
export function filledManifest(text, folder) {
  return written({
    ...restOf(text),
    homepage: `${repository}/tree/HEAD/${folder}#readme`,
    bugs: { url: `${repository}/issues` },
    repository: { type: 'git', url: `git+${repository}.git`, directory: folder },
  })
}

/** The package.json of the source again. */
export const restoredManifest = (text) => written(restOf(text))

/** Why this address cannot be published, if it cannot. */
export function refusal(address, releasing) {
  if (new URL(address).hostname.endsWith('.invalid')) {
    return 'package.json does not say yet where this repository is: set "repository" to its address.'
  }
  if (address === releasing) return undefined
  return `package.json says that this repository is ${address}, but it is released from ${releasing}: npm takes no provenance then.`
}

function withLinks(text, change) {
  const changed = (prose) => prose.replace(links, (_, before, target) => before + change(target))
  const blocks = [...text.matchAll(code)]
  const starts = [0, ...blocks.map(({ index, 0: block }) => index + block.length)]
  return starts
    .map((start, at) => changed(text.slice(start, blocks[at]?.index)) + (blocks[at]?.[0] ?? ''))
    .join('')
}

/** Of a page that GitHub shows: a folder, a picture itself, a file. */
function kindOf(path) {
  if (statSync(join(root, path)).isDirectory()) return 'tree'
  return ['.png', '.svg', '.gif', '.jpg'].includes(extname(path)) ? 'raw' : 'blob'
}

/** A manifest without what is filled in. */
function restOf(text) {
  const entries = Object.entries(JSON.parse(text))
  return Object.fromEntries(entries.filter(([name]) => !fields.includes(name)))
}

const written = (manifest) => `${JSON.stringify(manifest, null, 2)}\n`

function rewrite(file, change) {
  const text = readFileSync(file, 'utf8')
  const next = change(text)
  if (next === text) return
  writeFileSync(`${file}.tmp`, next)
  renameSync(`${file}.tmp`, file) // at once, for whoever reads it meanwhile
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = `packages/${basename(process.cwd())}`
  const [command] = process.argv.slice(2)
  if (command === 'fill') {
    rewrite('README.md', (text) => filledReadme(text, folder))
    rewrite('package.json', (text) => filledManifest(text, folder))
  } else if (command === 'restore') {
    rewrite('README.md', (text) => restoredReadme(text, folder))
    rewrite('package.json', restoredManifest)
  } else {
    const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = process.env
    const refused = refusal(repository, `${server}/${name}`)
    if (refused) console.error(refused)
    process.exitCode = refused ? 1 : 0
  }
}
