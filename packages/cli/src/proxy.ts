import process, { env } from 'node:process'
import { ExitCode } from './exit-code.ts'
import { Failure } from './failure.ts'

/** As curl and Node read them: the first one that is set counts. */
const VARIABLES = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY']

/** This machine itself. A proxy elsewhere would reach another machine, and read what is sent in plain http. */
const LOOPBACK = 'localhost,.localhost,127.0.0.1,[::1]'

/** Whether the environment names a proxy. */
const proxyVariable = (): string | undefined => VARIABLES.find((name) => env[name])

/** How the environment's proxy is used by this command. */
export interface ProxyUse {
  /** The variable that names the proxy. Its value may hold a password. */
  variable: string
  /** What to do so that it is used. Absent: it is used. */
  advice?: string
}

/**
 * Sends the command's own requests through the proxy that the environment names, but not those to this machine. Node
 * 24.14 and newer can do that at any time, older ones only from their start.
 *
 * @throws {Failure} For a proxy that is no URL.
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
      'The proxy of the environment is not a URL. Set HTTPS_PROXY to one, such as http://proxy.example.com:8080.',
    )
  }
}

/** `undefined` where the environment names no proxy. */
export async function proxyUse(): Promise<ProxyUse | undefined> {
  const variable = proxyVariable()
  if (variable === undefined) return undefined
  if ((await proxySetter()) || isUsedFromStart()) return { variable }
  return { variable, advice: `This Node ignores ${variable}. ${remedy()}` }
}

/** Newer than the oldest Node that we promise. */
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
