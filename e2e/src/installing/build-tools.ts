import { spawnSync } from 'node:child_process'

/**
 * Looks for what node-gyp compiles with, before minutes of downloading.
 * @param dependency What is to be compiled.
 * @returns what is missing and how to get it, as the end of a sentence; undefined when all is there.
 */
export function missingBuildTools(dependency: string): string | undefined {
  const [major = 0] = process.versions.node.split('.').map(Number)
  if (major < 22) return `Node 22 or newer (this is ${process.version})`
  if (process.platform === 'win32') return undefined // node-gyp looks for Visual Studio itself.
  const wanted = [
    { name: 'make', commands: ['make'] },
    { name: 'a C++ compiler', commands: ['c++', 'g++', 'clang++'] },
    { name: 'Python 3', commands: ['python3', 'python'] },
  ]
  const missing = wanted.filter(({ commands }) => !commands.some(runs)).map(({ name }) => name)
  if (missing.length === 0) return undefined
  const how =
    process.platform === 'darwin'
      ? 'xcode-select --install'
      : 'on Debian and Ubuntu: apt-get install build-essential python3'
  return `${missing.join(', ')} to compile ${dependency} (${how})`
}

function runs(command: string): boolean {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0
}
