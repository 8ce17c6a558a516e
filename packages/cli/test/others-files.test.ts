import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { describe, expect, it } from 'vitest'
import { ada, useScene } from './support/scene.ts'

const scene = useScene()
const run = (...args: string[]) => scene.home.run(args)
const folder = () => scene.home.sessions()
const list = () => join(folder(), 'sessions.json')
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)
const permissions = async () => {
  const { stdout } = await run('doctor', '--json')
  const findings = JSON.parse(stdout) as { check: string; ok: boolean; found: string }[]
  return findings.find(({ check }) => check === 'permissions')
}
const isWindows = process.platform === 'win32'
/** A user that has no account anywhere. */
const STRANGER = 47_110

function give(path: string, uid: number): void {
  chownSync(path, uid, uid)
  if (statSync(path).isDirectory())
    for (const name of readdirSync(path)) give(join(path, name), uid)
}

/** A file of some program's, with a mode that has its reasons. */
function put(name: string, text: string, mode: number): string {
  const path = join(folder(), name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

describe.skipIf(process.geteuid?.() !== 0)('files of another user', () => {
  it.each([
    ['the list', () => give(list(), STRANGER)],
    ['the folder', () => chownSync(folder(), STRANGER, STRANGER)],
    ['everything', () => give(folder(), STRANGER)],
    ['everything, open to all', () => [give(folder(), STRANGER), chmodSync(list(), 0o666)]],
  ])(
    '%s: the message names the owner and advises no chmod, and the files stay as they are',
    async (_, change) => {
      await scene.signIn()
      change()
      const before = [statSync(list()).uid, modeOf(list()), statSync(folder()).uid]
      for (const args of [['token'], ['status'], ['sign-out'], ['use', ada.email]]) {
        const { code, stderr } = await scene.home.run(args)
        expect(code).toBe(5)
        expect(stderr).toMatch(/belongs to another user \(uid 47110\)/)
        expect(stderr).not.toMatch(/chmod|can write/i)
      }
      expect(await permissions()).toMatchObject({
        ok: false,
        found: expect.stringContaining('47110'),
      })
      expect([statSync(list()).uid, modeOf(list()), statSync(folder()).uid]).toEqual(before)
    },
  )

  it('credentials from the environment still work', async () => {
    await scene.signIn()
    give(folder(), STRANGER)
    const env = { NOCODB_URL: scene.url, NOCODB_EMAIL: ada.email, NOCODB_PASSWORD: ada.password }
    expect(await scene.home.run(['token'], { env })).toMatchObject({ code: 0 })
  })
})

describe.skipIf(isWindows)('doctor', () => {
  it('leaves a directory with other files as it is, and reports it', async () => {
    const files = [
      put('README.md', '# tool', 0o644),
      put('bin/tool', '#!/bin/sh', 0o755),
      put('sessions.json', '["standup"]', 0o644),
      put(`${'ab'.repeat(32)}.json`, '{"cached":true}', 0o644),
    ]
    chmodSync(folder(), 0o755)
    const before = files.map(modeOf)
    expect(await permissions()).toMatchObject({
      ok: false,
      found: expect.stringContaining('holds other things than sessions'),
    })
    expect(files.map(modeOf)).toEqual(before)
    expect(modeOf(folder())).toBe('755')
  })

  it('closes its own files to other users, and leaves files of other programs', async () => {
    await scene.signIn()
    const other = put('notes/todo.txt', 'buy milk', 0o644)
    const own = readdirSync(folder()).filter((name) => name.endsWith('.json'))
    for (const name of own) chmodSync(join(folder(), name), 0o644)
    expect((await permissions())?.found).toContain('(mode 644)')
    expect(own.map((name) => modeOf(join(folder(), name)))).toEqual(own.map(() => '600'))
    expect(modeOf(other)).toBe('644')
    expect(await permissions()).toMatchObject({ ok: true })
  })

  it('changes nothing through a link, symbolic or hard', async () => {
    await scene.signIn()
    const outside = join(scene.home.folder, 'outside.json')
    writeFileSync(outside, readFileSync(list()))
    chmodSync(outside, 0o644)
    const name = 'cd'.repeat(32)
    symlinkSync(outside, join(folder(), `${name}.json`))
    linkSync(outside, join(folder(), `${'ef'.repeat(32)}.json`))
    expect((await permissions())?.ok).toBe(false)
    expect(modeOf(outside)).toBe('644')
  })

  it('changes nothing where the folder is a link', async () => {
    const elsewhere = join(scene.home.folder, 'elsewhere')
    mkdirSync(elsewhere)
    chmodSync(elsewhere, 0o755)
    mkdirSync(dirname(folder()), { recursive: true })
    symlinkSync(elsewhere, folder())
    expect(await permissions()).toMatchObject({ ok: false, found: expect.stringContaining('link') })
    expect(modeOf(elsewhere)).toBe('755')
  })
})
