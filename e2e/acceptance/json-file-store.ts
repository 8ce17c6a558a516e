import { readFile, rm, writeFile } from 'node:fs/promises'
import type { TokenSet } from '@latchkey/core'

/** The least a store can be: three methods, one file, no lock. For one process at a time. */
export function jsonFileStore(path: string) {
  return {
    async getToken(): Promise<TokenSet | undefined> {
      const text = await readFile(path, 'utf8').catch(() => undefined)
      return text === undefined ? undefined : JSON.parse(text)
    },
    setToken: (tokens: TokenSet) => writeFile(path, JSON.stringify(tokens), { mode: 0o600 }),
    removeToken: () => rm(path, { force: true }),
  }
}
