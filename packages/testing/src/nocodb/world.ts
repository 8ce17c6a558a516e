import { createClock, type DoubleClock } from '../double/clock.ts'
import type { Account, Accounts } from './accounts.ts'
import { createAccounts } from './accounts.ts'
import type { Answers } from './answers.ts'
import { answersOf } from './answers.ts'
import type { Settings } from './double-options.ts'
import type { VersionTraits } from './server-version.ts'
import { traitsOf } from './server-version.ts'
import type { Tables } from './tables.ts'
import { createTables } from './tables.ts'

/** Everything one double knows. Its routes read and change this, and nothing else. */
export interface World extends DoubleClock {
  readonly settings: Settings
  readonly traits: VersionTraits
  readonly answers: Answers
  readonly accounts: Accounts
  readonly tables: Tables
  /** The first user of a server gets a base of their own with the account. */
  addUser(input: { email: string; password: string; roles?: string[] }): Account
}

export function createWorld(settings: Settings): World {
  const traits = traitsOf(settings.version)
  const accounts = createAccounts(traits.remembersApiTokens)
  const tables = createTables()
  const clock = createClock(settings.now)
  const { now } = clock

  return {
    settings,
    traits,
    answers: answersOf(settings.version),
    accounts,
    tables,
    ...clock,
    addUser(input) {
      const isFirst = accounts.all().length === 0
      const user = accounts.add({ ...input, at: now() })
      if (isFirst) tables.addBase({ title: 'Getting Started', ownerId: user.id, at: now() })
      return user
    },
  }
}

/** @returns an instant in the form that NocoDB writes: `2026-11-21 03:42:39+00:00`. */
export function timestamp(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}+00:00`
}
