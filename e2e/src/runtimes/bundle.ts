import { fileURLToPath } from 'node:url'
import { build } from 'vite'

/** How a runtime that loads no packages by itself takes a program. */
export interface BundleOptions {
  format: 'es' | 'iife'
  /** The conditions of `exports` that it goes by. Default: a browser's. */
  conditions?: readonly string[]
  /** Default: what the packages are written in. */
  target?: string
  /** Packages left out. */
  external?: readonly string[]
}

/** The program at `entry` as one file, made from what the packages publish. */
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
  if (!chunk) throw new Error(`vite made nothing of ${entry}`)
  return chunk.code
}
