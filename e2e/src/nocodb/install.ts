import { type InstallOptions, installServer } from '../installing/npm-install.ts'

export type { InstallOptions } from '../installing/npm-install.ts'

/**
 * Makes sure that the real NocoDB server is installed and returns its folder. The first time takes
 * about four minutes and 1.5 GB; afterwards nothing happens. The folder is `nocodb-0.301.3` in the cache of
 * `installServer()`.
 *
 * @throws Error that says what to do when a tool is missing, npm fails or sqlite3 does not compile.
 */
export function installNocoDB(options: InstallOptions = {}): Promise<string> {
  const nocodb = {
    title: 'NocoDB',
    name: 'nocodb',
    version: '0.301.3',
    cost: '1.5 GB on disk, about 2 minutes',
    // The published `xlsx` dependency is a tarball outside the registry; this one is inside.
    overrides: { xlsx: 'npm:xlsx@0.18.5' },
    compile: { dependency: 'sqlite3', version: '5.1.7' },
  }
  return installServer(nocodb, options)
}
