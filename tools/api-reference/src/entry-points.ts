import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

interface Manifest {
  name: string
  exports: Record<string, string | { types: string }>
}

/** What can be imported, each with its source: `@latchkey/stores/file` is `packages/stores/src/file.ts`. */
export function entryPoints(root: string): Map<string, string> {
  const manifests = globSync('packages/*/package.json', { cwd: root }).toSorted()
  return new Map(manifests.flatMap((manifest) => entriesOf(join(root, manifest))))
}

function entriesOf(manifest: string): [string, string][] {
  const { name, exports } = JSON.parse(readFileSync(manifest, 'utf8')) as Manifest
  return Object.entries(exports).flatMap(([subpath, target]) => {
    if (typeof target === 'string') return [] // package.json itself
    const source = target.types.replace('/dist/', '/src/').replace('.d.ts', '.ts')
    return [[name + subpath.slice(1), join(dirname(manifest), source)]]
  })
}
