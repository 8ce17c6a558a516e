import process, { env } from 'node:process'
import { ExitCode } from './exit-code.ts'
import { Failure } from './failure.ts'

/** In the order of curl and Node: the first variable that is set wins. */
const VARIABLES = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY']

/** Requests to this machine skip the proxy. A proxy elsewhere would reach another machine and read plain http. */
const LOOPBACK = 'localhost,.localhost,127.0.0.1,[::1]'

/** Returns the variable that names a proxy, if one is set. */
const proxyVariable = (): string | undefined => VARIABLES.find((name) => env[name])

/** Whether this command uses the environment's proxy. */
export interface ProxyUse {
  /** The variable that names the proxy. Its value may hold a password. */
  variable: string
  /** What the user can do so that the proxy is used. Absent: it is used already. */
  advice?: string
}

/**
 * Sends this process's requests through the proxy of the environment, except requests to this machine. Node 24.14 and
 * newer can switch to a proxy at any time; older versions can do so only when they start.
 *
 * @throws {Failure} When the proxy is not a URL.
 */
export async function useProxy(): Promise<void> {
  const variable = proxyVariable()
  if (variable === undefined) return
  const setProxy = await proxySetter()
  const others = env['no_proxy'] || env['NO_PROXY']
  try {
    const noProxy = others === '*' ? others : [others, LOOPBACK].filter(Boolean).join(',')
    setProxy?.({ ...env, no_proxy: noProxy })
  } catch {
    throw new Failure(
      ExitCode.usage,
      'The proxy address in the environment is not a URL. Set HTTPS_PROXY to a URL such as http://proxy.example.com:8080.',
    )
  }
}

/** Returns how the proxy is used, or `undefined` if the environment does not name one. */
export async function proxyUse(): Promise<ProxyUse | undefined> {
  const variable = proxyVariable()
  if (variable === undefined) return undefined
  if ((await proxySetter()) || isUsedFromStart()) return { variable }
  return { variable, advice: `This Node ignores ${variable}. ${remedy()}` }
}

/** Returns Node's function to set a proxy. Older versions of Node that are supported do not have it. */
async function proxySetter() {
  const http: { setGlobalProxyFromEnv?: (env: NodeJS.ProcessEnv) => unknown } = await import(
    'node:http'
  )
  return http.setGlobalProxyFromEnv
}

const FLAG = '--use-env-proxy'
const isAble = () => process.allowedNodeEnvironmentFlags.has(FLAG)

const isUsedFromStart = () =>
  isAble() &&
  (env['NODE_USE_ENV_PROXY'] === '1' ||
    [...process.execArgv, ...(env['NODE_OPTIONS'] ?? '').split(' ')].includes(FLAG))

const remedy = () =>
  isAble()
    ? 'To go through the proxy, set NODE_USE_ENV_PROXY=1 too.'
    : 'To go through the proxy, use Node 24.14 or newer.'
