import { execFile } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const script = fileURLToPath(new URL('../src/processes/upload-memory.ts', import.meta.url))

/** How many bytes of buffers there are more while 200 MB are on their way. */
async function held(client: string, who: string): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--expose-gc',
    script,
    client,
    who,
  ])
  return Number(stdout)
}

it.each(['fetch', 'ky', 'axios'])(
  'an upload of 200 MB with a fresh token is not copied, by %s',
  async (client) => {
    const [bare, registered] = await Promise.all([held(client, 'bare'), held(client, 'registered')])
    expect(registered - bare).toBeLessThan(1_000_000)
  },
)
