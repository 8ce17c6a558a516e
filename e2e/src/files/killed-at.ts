// Stores session 2 and is killed at one step of it: started by kill.test.ts on the built
// packages. Its arguments: the directory, the number of the step, and when: `before`, `during` (half of a
// write) or `after`. It sends the name of each step it begins.
import fs, { type FileHandle } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import process from 'node:process'
import { fileStore } from '@latchkey/stores/file'
import { NAME, sessionOf } from './sessions.ts'

type Call = (...args: never[]) => Promise<unknown>

const [directory = '', step, moment] = process.argv.slice(2)
let steps = 0

const end = () => process.kill(process.pid, 'SIGKILL')

/** `owner[name]`, counted as a step. */
function watch<Owner extends object>(owner: Owner, name: keyof Owner & string): void {
  const call = (owner[name] as Call).bind(owner)
  const counted = async (...args: never[]) => {
    const isIt = steps === Number(step)
    steps += 1
    await new Promise((sent) => process.send?.(name, sent))
    if (isIt && moment === 'before') end()
    if (isIt && moment === 'during')
      await writeHalf(owner as unknown as FileHandle, String(args[0]))
    const result = await call(...args)
    if (isIt && moment === 'after') end()
    return name === 'open' ? watchHandle(result as FileHandle) : result
  }
  Object.defineProperty(owner, name, { value: counted, configurable: true, writable: true })
}

async function writeHalf(handle: FileHandle, text: string): Promise<void> {
  await handle.write(text.slice(0, text.length / 2))
  end()
}

function watchHandle(handle: FileHandle): FileHandle {
  for (const name of ['chmod', 'writeFile', 'sync', 'close'] as const) watch(handle, name)
  return handle
}

for (const name of ['mkdir', 'open', 'rename', 'unlink', 'readdir'] as const) watch(fs, name)
syncBuiltinESMExports()
await fileStore({ directory }).setToken(sessionOf(2), NAME)
process.disconnect()
