import { fileURLToPath } from 'node:url'
import { build } from 'vite'

/** The form of a program for a runtime that cannot load packages itself. */
export interface BundleOptions {
  format: 'es' | 'iife'
  /** Conditions for `exports` of package.json. Default: those of a browser. */
  conditions?: readonly string[]
  /** Version of JavaScript. Default: the one that the packages are published in. */
  target?: string
  /** Packages that are not bundled. */
  external?: readonly string[]
}

/** Returns the program at `entry` as one file, built with the published code of the packages. */
export async function bundleProgram(entry: URL, options: BundleOptions): Promise<string> {
  const { format, conditions = ['browser'], target = 'es2023', external = [] } = options
  const built = await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: [...conditions, 'module', 'import', 'default'] },
    build: {
      write: false,
      minify: false,
      target,
      rolldownOptions: { external: [...external] },
      lib: { entry: fileURLToPath(entry), formats: [format], name: 'program' },
    },
  })
  const [bundle] = Array.isArray(built) ? built : []
  const [chunk] = bundle?.output ?? []
  if (!chunk) throw new Error(`vite built nothing from ${entry}`)
  return chunk.code
}
