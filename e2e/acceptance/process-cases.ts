import { deepEqual } from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { burst, clientsOf } from './clients.ts'
import { jsonFileStore } from './json-file-store.ts'
import type { Report } from './second-process.ts'
import { type AcceptanceCase, type AcceptanceTarget, observe, outlive } from './target.ts'

const script = fileURLToPath(new URL('./second-process.ts', import.meta.url))

/** Sessions that outlive their process. */
export const processCases: readonly AcceptanceCase[] = [
  {
    name: 'processes: a second one goes on from the stored refresh token, and the first from the second',
    run: (target) =>
      withFile(async (file) => {
        const user = await target.newUser()
        const first = observe(target, { ...user, store: jsonFileStore(file) })
        const clients = clientsOf(first.noco)
        const url = target.baseUrl + target.recordsPath
        deepEqual(await burst(clients, url, 3), [200])
        await outlive(target)
        deepEqual(await secondProcess(target, file), {
          got: [200, 200, 200],
          asked: ['token/refresh', 'user/me'],
          email: user.email,
        })
        deepEqual(await burst(clients, url, 3), [200])
        deepEqual(first.asked, { signIns: 1, refreshes: 0 })
      }),
  },
  {
    name: 'processes: a second one is told when the stored session has ended',
    run: (target) =>
      withFile(async (file) => {
        const user = await target.newUser()
        await observe(target, { ...user, store: jsonFileStore(file) }).noco.getTokens()
        const elsewhere = observe(target, user).noco
        await elsewhere.getTokens()
        await elsewhere.signOut()
        deepEqual(await secondProcess(target, file), {
          got: Array.from({ length: 3 }, () => 'ERR_REFRESH_TOKEN_REJECTED'),
          asked: ['token/refresh'],
        })
        deepEqual(await jsonFileStore(file).getToken(), undefined)
      }),
  },
]

async function withFile(run: (file: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-acceptance-'))
  try {
    await run(join(folder, 'session.json'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Runs the script on the built packages. It knows no password. */
async function secondProcess(
  { baseUrl, recordsPath, now }: AcceptanceTarget,
  file: string,
): Promise<Report> {
  const timeAhead = String(now() - Date.now())
  const args = [script, baseUrl, baseUrl + recordsPath, file, timeAhead]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout)
}
