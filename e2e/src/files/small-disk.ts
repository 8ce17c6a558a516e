import { execFile } from 'node:child_process'
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A file system of its own, in memory. */
export interface SmallDisk {
  path: string
  /** Leaves `freeBytes` of it, in pages of 4,096. `clear` gives the rest back. */
  fill(freeBytes: number): Promise<void>
  clear(): Promise<void>
  readOnly(): Promise<void>
  unmount(): Promise<void>
}

/** Mounts one of so many kibibytes; `inodes` limits the number of its files. Needs root, and Linux. */
export async function mountSmallDisk(kibibytes: number, inodes?: number): Promise<SmallDisk> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'latchkey-disk-')))
  const limits = `size=${kibibytes}k${inodes === undefined ? '' : `,nr_inodes=${inodes}`}`
  await run('mount', ['-t', 'tmpfs', '-o', limits, 'tmpfs', path])
  const filler = join(path, 'filler')
  const clear = () => rm(filler, { force: true })
  return {
    path,
    clear,
    async fill(freeBytes) {
      await clear()
      await writeFile(filler, Buffer.alloc(await free(path, freeBytes)))
    },
    readOnly: () => run('mount', ['-o', 'remount,ro', path]).then(() => undefined),
    async unmount() {
      await run('umount', [path])
      await rm(path, { recursive: true })
    },
  }
}

/** How much to write so that `freeBytes` are left. */
async function free(path: string, freeBytes: number): Promise<number> {
  const { stdout } = await run('df', ['--output=avail', '-B1', path])
  return Math.max(0, Number(stdout.split('\n')[1]) - freeBytes)
}

/** Whether this machine lets us mount. */
export async function canMount(): Promise<boolean> {
  try {
    await (await mountSmallDisk(64)).unmount()
    return true
  } catch {
    return false
  }
}
