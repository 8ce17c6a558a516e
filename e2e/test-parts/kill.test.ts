import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, realpath, rm, stat, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { fileStore } from '@latchkey/stores/file'
import { describe, expect, it, onTestFinished } from 'vitest'
import { countOf, NAME, sessionOf } from '../src/files/sessions.ts'

const looping = fileURLToPath(new URL('../src/files/writer.ts', import.meta.url))
const killedAt = fileURLToPath(new URL('../src/files/killed-at.ts', import.meta.url))

async function newDirectory(): Promise<string> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'latchkey-kill-')))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  return join(root, 'sessions')
}

function start(script: string, ...args: string[]): ChildProcess {
  const child = fork(script, args, { execArgv: [] })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

/** The temporary files, which killed writers leave behind. */
const temporaries = async (directory: string) =>
  (await readdir(directory)).filter((file) => file.endsWith('.tmp'))

/** As if a writer had been killed a while ago. */
async function age(directory: string): Promise<void> {
  for (const file of await temporaries(directory)) await utimes(join(directory, file), 0, 0)
}

describe('a writer that is killed', () => {
  it('leaves the old session or the new one at whatever instant, and no lock', async () => {
    const lanes = Array.from({ length: 4 }, async () => {
      const directory = await newDirectory()
      const store = fileStore({ directory })
      let count = 0
      for (let round = 0; round < 50; round += 1) {
        count = await killAtRandom(directory, count)
        // No patience needed: the lock went with its holder.
        await store.lock(NAME, async () => expect(countOf(await store.getToken(NAME))).toBe(count))
      }
      expect(count).toBeGreaterThan(50)
      await age(directory)
      await store.setToken(sessionOf(count + 1), NAME)
      expect((await readdir(directory)).map((file) => file.split('.').at(-1))).toEqual(
        expect.arrayContaining(['json', 'lock']),
      )
      expect(await readdir(directory)).toHaveLength(2)
    })
    await Promise.all(lanes)
  })

  it('leaves a directory that is its owner’s alone, whatever the umask', async () => {
    const directory = await newDirectory()
    const before = process.umask(0)
    const writer = start(killedAt, directory, '0', 'after')
    process.umask(before)
    await once(writer, 'close')
    expect((await stat(directory)).mode & 0o777).toBe(0o700)
    expect(await readdir(directory)).toEqual([])
  })

  it('leaves the old session or the new one at every step of the way', async () => {
    const steps = await killAt(Infinity, 'before')
    expect(steps.count).toBe(2)
    const renamed = steps.names.indexOf('rename')
    // What a power cut would show: on the disk before it has its name, and the name after that.
    expect(steps.names.slice(0, renamed)).toContain('sync')
    expect(steps.names.slice(renamed)).toContain('sync')
    const writes = steps.names.flatMap((name, at) => (name === 'writeFile' ? [at] : []))
    expect(writes).toHaveLength(1)
    const moments = steps.names.flatMap((_, at) => [
      { at, moment: 'before', count: at <= renamed ? 1 : 2 },
      ...(writes.includes(at) ? [{ at, moment: 'during', count: 1 }] : []),
      { at, moment: 'after', count: at < renamed ? 1 : 2 },
    ])
    for (const { at, moment, count } of moments) {
      const where = `${moment} ${steps.names[at]} (step ${at})`
      expect([where, (await killAt(at, moment)).count]).toEqual([where, count])
    }
  })
})

/** Kills a writer within its first writes. Gives the number of the session that is left. */
async function killAtRandom(directory: string, before: number): Promise<number> {
  const writer = start(looping, directory)
  let stored = before
  writer.on('message', (count: number) => {
    stored = count
  })
  await Promise.race([once(writer, 'message'), diedEarly(writer)])
  await setTimeout(Math.random() * 12)
  writer.kill('SIGKILL')
  await once(writer, 'close')
  const left = countOf(await fileStore({ directory }).getToken(NAME))
  expect(left).toBeGreaterThanOrEqual(stored) // what was reported as stored is not lost
  return left
}

async function diedEarly(writer: ChildProcess): Promise<never> {
  const [code] = await once(writer, 'exit')
  throw new Error(`the writer ended by itself, with ${code}`)
}

/** Kills a writer at one step. Gives the number of the session that is left, and the steps so far. */
async function killAt(step: number, moment: string): Promise<{ count: number; names: string[] }> {
  const directory = await newDirectory()
  const store = fileStore({ directory })
  await store.setToken(sessionOf(1), NAME)
  const writer = start(killedAt, directory, String(step), moment)
  const names: string[] = []
  writer.on('message', (name: string) => names.push(name))
  await once(writer, 'close')
  expect(writer.signalCode).toBe(step === Infinity ? null : 'SIGKILL')
  const count = countOf(await store.getToken(NAME))
  for (const file of await temporaries(directory)) {
    expect((await stat(join(directory, file))).mode & 0o077).toBe(0)
  }
  await age(directory)
  await store.setToken(sessionOf(3), NAME)
  expect(countOf(await store.getToken(NAME))).toBe(3)
  expect(await readdir(directory)).toHaveLength(1)
  return { count, names }
}
