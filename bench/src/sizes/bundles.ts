/** What is bundled and weighed. */
export interface BundleSource {
  name: string
  code: string
  /** What the application brings anyway, and so is not counted. */
  external: readonly string[]
}

const CLIENTS = ['axios', 'ky']
const PEERS = [...CLIENTS, 'redis', '@napi-rs/keyring']

/** Every door of every published package, but the test kit and the command line. */
export const entries = [
  '@latchkey/core',
  '@latchkey/core/adapter',
  '@latchkey/core/service',
  '@latchkey/fetch',
  '@latchkey/axios',
  '@latchkey/ky',
  '@latchkey/nocodb',
  '@latchkey/oauth',
  '@latchkey/oauth/discovery',
  '@latchkey/oauth/node',
  '@latchkey/oauth/sharetribe',
  '@latchkey/jwt',
  '@latchkey/jwt/back-ends',
  '@latchkey/powerauth',
  '@latchkey/powerauth/kmac',
  '@latchkey/stores/async-storage',
  '@latchkey/stores/cookie',
  '@latchkey/stores/encrypted',
  '@latchkey/stores/file',
  '@latchkey/stores/keychain',
  '@latchkey/stores/redis',
  '@latchkey/stores/web',
] as const

const core = "export { bearer, createTokenManager } from '@latchkey/core'"
const fetchAdapter = "export { wrapFetch } from '@latchkey/fetch'"
const axiosAdapter = "export { registerAuth } from '@latchkey/axios'"
const kyHooks = "export { authHooks } from '@latchkey/ky'"
const preset = "export { nocodb } from '@latchkey/nocodb'"
const jwt = "export { jwtSession } from '@latchkey/jwt'"
const machines = "export { oauth } from '@latchkey/oauth'"
const people =
  "export { finishSignIn, oauth, signInWithDevice, startSignIn } from '@latchkey/oauth'"
const webStore = "export { webStore } from '@latchkey/stores/web'"

/** What applications use: what they import, with all that it needs. */
export const usualBundles: readonly BundleSource[] = [
  bundle('core + fetch', [core, fetchAdapter]),
  bundle('core + axios adapter', [core, axiosAdapter]),
  bundle('core + ky hooks', [core, kyHooks]),
  bundle('fetch + NocoDB', [preset, fetchAdapter]),
  bundle('axios + NocoDB', [preset, axiosAdapter]),
  bundle('fetch + oauth for machines', [machines, fetchAdapter]),
  bundle('fetch + oauth for people', [people, fetchAdapter]),
  bundle('fetch + jwt + web store', [jwt, fetchAdapter, webStore]),
  bundle('core + fetch + axios + ky', [core, fetchAdapter, axiosAdapter, kyHooks]),
  bundle('fetch adapter alone', [fetchAdapter], ['@latchkey/core', '@latchkey/core/adapter']),
  bundle('axios adapter alone', [axiosAdapter], ['@latchkey/core', '@latchkey/core/adapter']),
  bundle('ky hooks alone', [kyHooks], ['@latchkey/core', '@latchkey/core/adapter']),
]

/** Libraries that do not weigh on a page. */
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  '@latchkey/powerauth/kmac': ['@noble/hashes'],
  '@latchkey/oauth/node': ['open'],
}

/** Everything that an entry exports, with all that it needs. */
export const entryBundles: readonly BundleSource[] = entries.map((name) => ({
  name,
  code: `export * from '${name}'`,
  external: [...PEERS, ...(OTHERS[name] ?? [])],
}))

function bundle(name: string, lines: string[], external: string[] = []): BundleSource {
  return { name, code: lines.join('\n'), external: [...CLIENTS, ...external] }
}
