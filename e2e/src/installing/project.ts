import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

// Below e2e, so that every package resolves as it does for a user; below node_modules, so that no tool
// takes it for source.
const parent = fileURLToPath(new URL('../../node_modules', import.meta.url))

/** A project of somebody's: a folder with these files, until the test is over. What is no text becomes JSON. */
export function project(files: Record<string, unknown>): string {
  const folder = mkdtempSync(join(parent, '.project-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) {
    const file = join(folder, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  }
  return folder
}
