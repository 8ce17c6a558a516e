import { createDoubleControl, type DoubleControl } from '../double/double-control.ts'
import type { Faults } from '../double/faults.ts'
import type { Ledger } from '../double/ledger.ts'
import { wholeSeconds } from '../double/option-checks.ts'
import type { Account } from './accounts.ts'
import type { LoggedRequest, RequestCounts } from './ledger.ts'
import type { RequestKind } from './request-kind.ts'
import type { World } from './world.ts'

/** A user to add. The first user of a double is its super admin, like the first sign-up. */
export interface NewUser {
  /** The e-mail address to sign in with. */
  email: string
  /** Any text. Only the sign-up route requires eight characters. */
  password: string
  /** Default `['org-level-creator', 'super']` for the first user, else `['org-level-viewer']`. */
  roles?: string[]
}

/** A table to add. */
export interface NewTable {
  /** Default `'Notes'`. */
  title?: string
  /** Column titles besides Id, CreatedAt and UpdatedAt. Default `['Title']`. */
  columns?: string[]
}

/** Controls of the double. Clients do not see them, and they do not count as requests. */
export interface NocoDBControl extends DoubleControl<RequestKind, RequestCounts, LoggedRequest> {
  /**
   * Adds a user, who can sign in at once.
   *
   * @throws TypeError if the e-mail address is taken.
   */
  addUser(user: NewUser): {
    /** The user's id. */
    id: string
    /** As given. */
    email: string
  }
  /** Removes the user and their sessions. Their API tokens stop working too. */
  removeUser(email: string): void
  /** Ends every session, as a sign-out elsewhere does. Access tokens then get 401, refresh tokens 400. */
  revokeSessions(email: string): void
  /** Rejects access tokens with 401 at once. Refresh tokens still work. */
  revokeAccessTokens(email: string): void
  /** Rejects refresh tokens with 400. Access tokens work until they expire. */
  revokeRefreshTokens(email: string): void
  /** Creates an API token of this user. */
  createApiToken(
    email: string,
    description?: string,
  ): {
    /** The id for revokeApiToken(). */
    id: number
    /** The token itself. */
    token: string
  }
  /**
   * Revokes the API token at once. Real servers before 2026 accept a deleted token until they are restarted, and so
   * does the double when a client deletes it.
   */
  revokeApiToken(id: number): void
  /** Adds a table that all current users may read and write. */
  addTable(table?: NewTable): {
    /** The id of the base it is in. */
    baseId: string
    /** Its own id, as in `/api/v2/tables/<id>/records`. */
    tableId: string
  }
  /** Sets the lifetime of tokens issued from now on, in ms, whole seconds. */
  setAccessTokenLifetimeMs(ms: number): void
}

export function createControl(
  world: World,
  faults: Faults<RequestKind>,
  ledger: Ledger<LoggedRequest, RequestCounts>,
): NocoDBControl {
  const { accounts } = world
  const user = (email: string): Account => {
    const found = accounts.byEmail(email)
    if (!found) throw new TypeError(`the double has no user ${email}`)
    return found
  }

  return {
    ...createDoubleControl(world, faults, ledger),
    addUser(input) {
      if (accounts.byEmail(input.email)) throw new TypeError(`${input.email} exists already`)
      const { id, email } = world.addUser(input)
      return { id, email }
    },
    removeUser: (email) => accounts.remove(user(email)),
    revokeSessions: (email) => accounts.endSessions(user(email)),
    revokeAccessTokens: (email) => accounts.newVersion(user(email)),
    revokeRefreshTokens: (email) => accounts.dropRefreshTokens(user(email).id),
    createApiToken(email, description) {
      const { id: userId } = user(email)
      const at = world.now()
      const stored = accounts.addApiToken({ userId, description: description ?? null, at })
      return { id: stored.id, token: stored.token }
    },
    revokeApiToken(id) {
      if (!accounts.forgetApiToken(id)) throw new TypeError(`the double has no API token ${id}`)
    },
    addTable: (table) => addTable(world, table),
    setAccessTokenLifetimeMs(ms) {
      world.settings.accessTokenLifetimeMs = wholeSeconds('accessTokenLifetimeMs', ms)
    },
  }
}

function addTable(world: World, { title = 'Notes', columns = ['Title'] }: NewTable = {}) {
  const at = world.now()
  const [first, ...rest] = world.accounts.all()
  if (!first) throw new TypeError('addTable needs a user: call addUser or sign up first')
  const base = world.tables.addBase({ title, ownerId: first.id, at })
  for (const user of rest) base.members.set(user.id, 'editor')
  const { id: tableId } = world.tables.addTable({ baseId: base.id, title, columns, at })
  return { baseId: base.id, tableId }
}
