import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** What is of interest here of a package.json. */
interface Manifest {
  name: string
  engines: { node: string }
  exports: Record<string, unknown>
  peerDependencies?: Record<string, string>
}

/** The published packages, each with its folder from the root. */
export const packages = globSync('packages/*', { cwd: root })
  .map((path) => path.replaceAll('\\', '/'))
  .toSorted()
  .map((folder) => {
    const manifest = readFileSync(join(root, folder, 'package.json'), 'utf8')
    return { folder, manifest: JSON.parse(manifest) as Manifest }
  })

/** Everything that a user may import, such as `@latchkey/core/adapter`. */
export const doors = packages.flatMap(({ manifest: { name, exports } }) =>
  Object.keys(exports)
    .filter((path) => !path.endsWith('.json'))
    .map((path) => name + path.slice(1)),
)
