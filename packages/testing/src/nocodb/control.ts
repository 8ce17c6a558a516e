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
  /** Any text; the rule of eight characters is the sign-up route's. */
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

/** What a test does to the server behind its clients' backs. Nothing here counts as a request. */
export interface NocoDBControl extends DoubleControl<RequestKind, RequestCounts, LoggedRequest> {
  /**
   * Adds a user, who can sign in at once.
   *
   * @throws TypeError when there is one with this e-mail address.
   */
  addUser(user: NewUser): {
    /** The user's id. */
    id: string
    /** As given. */
    email: string
  }
  /** The user and their sessions are gone; API tokens stop working too. */
  removeUser(email: string): void
  /** Ends every session: access tokens answer 401, refresh tokens 400. What a sign-out elsewhere does. */
  revokeSessions(email: string): void
  /** Access tokens answer 401 at once; refresh tokens still work. */
  revokeAccessTokens(email: string): void
  /** Refresh tokens answer 400; access tokens live until they expire. */
  revokeRefreshTokens(email: string): void
  /** Creates an API token of this user. */
  createApiToken(
    email: string,
    description?: string,
  ): {
    /** What revokeApiToken() takes. */
    id: number
    /** The token itself. */
    token: string
  }
  /**
   * Ends the API token at once. The real servers before 2026 go on accepting a deleted one until they
   * are restarted, and so does the double when a client deletes it.
   */
  revokeApiToken(id: number): void
  /** A table that every user known so far may read and write. */
  addTable(table?: NewTable): {
    /** The id of the base it is in. */
    baseId: string
    /** Its own id, as in `/api/v2/tables/<id>/records`. */
    tableId: string
  }
  /** For tokens issued from now on: whole seconds, in ms. */
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
