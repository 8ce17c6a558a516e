import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build, type Metafile, type Plugin } from 'esbuild'
import { type BundleSource, entryBundles, usualBundles } from './bundles.ts'

/** Bytes of a bundle. */
export interface Size {
  name: string
  min: number
  /** Minified and gzipped (level 9): what a browser downloads. */
  gzip: number
  /** Minified bytes by module, the largest first. */
  modules: Record<string, number>
}

export const measureSizes = async (): Promise<Size[]> =>
  Promise.all([...usualBundles, ...entryBundles].map((source) => sizeOf(source)))

const folder = fileURLToPath(new URL('../..', import.meta.url))

export async function sizeOf(
  { name, code, external }: BundleSource,
  plugins: Plugin[] = [],
): Promise<Size> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: folder },
    absWorkingDir: folder,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    external: [...external, 'node:*'],
    legalComments: 'none',
    metafile: true,
    plugins,
    write: false,
  })
  const contents = outputFiles[0]?.contents ?? new Uint8Array()
  const gzip = gzipSync(contents, { level: 9 }).length
  return { name, min: contents.length, gzip, modules: modulesOf(metafile) }
}

function modulesOf({ outputs }: Metafile): Record<string, number> {
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs))
  const sizes = inputs
    .map(([path, { bytesInOutput }]) => [moduleName(path), bytesInOutput] as const)
    .filter(([, bytes]) => bytes > 0)
    .toSorted(([, a], [, b]) => b - a)
  return Object.fromEntries(sizes)
}

/** `@latchkey/core/renewal.js`, `p-retry/index.js`. */
const moduleName = (path: string): string =>
  path
    .replace(/^.*node_modules\//, '')
    .replace(/^(\.\.\/)+packages\//, '@latchkey/')
    .replace('/dist/', '/')
