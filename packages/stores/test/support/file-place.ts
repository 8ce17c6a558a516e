import { createHash } from 'node:crypto'
import { mkdtemp, readdir, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import type { TokenSet, TokenStore } from '@latchkey/core'
import { onTestFinished } from 'vitest'
import { fileStore } from '../../src/file.ts'

export const NAME = 'https://api.test'

/** A token set whose every part is a canary. */
export function tokensOf(label: string): TokenSet {
  return {
    accessToken: `CANARY-7f3a-access-${label}`,
    refreshToken: `CANARY-7f3a-refresh-${label}`,
    expiresAt: 2_000_000_000_000,
  }
}

export interface FilePlace {
  /** A fresh directory that goes when the test ends. */
  root: string
  /** The store's own, in it; not made yet. */
  directory: string
  store: Required<Omit<TokenStore, 'renewAheadMs'>>
  /** Where a session of that name lies. */
  entry(name?: string): string
  lock(name?: string): string
  /** What lies in the store's directory. */
  list(): Promise<string[]>
}

export async function newPlace(): Promise<FilePlace> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'latchkey-file-')))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  const directory = join(root, 'sessions')
  const path = (name: string, ending: string) => join(directory, `${digest(name)}.${ending}`)
  return {
    root,
    directory,
    store: fileStore({ directory }),
    entry: (name = NAME) => path(name, 'json'),
    lock: (name = NAME) => path(name, 'lock'),
    list: () => readdir(directory),
  }
}

export const digest = (name: string) =>
  createHash('sha256').update(Buffer.from(name, 'utf16le')).digest('hex')

/** The user and group without rights on most systems. */
const NO_RIGHTS = 65_534

/** Runs `work` as a user whom modes bind: root, as whom the whole proof runs, may do anything. */
export async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return work()
  process.seteuid?.(NO_RIGHTS)
  try {
    return await work()
  } finally {
    process.seteuid?.(0)
  }
}

export async function withUmask<T>(mask: number, work: () => Promise<T>): Promise<T> {
  const before = process.umask(mask)
  try {
    return await work()
  } finally {
    process.umask(before)
  }
}
