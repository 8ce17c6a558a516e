import { randomHex, randomId, randomText } from '../double/random.ts'
import type { VersionTraits } from './server-version.ts'

/** A user of the double, with what the server keeps about them. Holds secrets: never hand it out. */
export interface Account {
  readonly id: string
  readonly email: string
  readonly roles: string[]
  readonly createdAt: number
  password: string
  tokenVersion: string
}

export interface StoredApiToken {
  readonly id: number
  readonly token: string
  readonly description: string | null
  readonly userId: string
  readonly createdAt: number
}

interface StoredRefreshToken {
  readonly userId: string
  readonly expiresAt: number
}

export type Accounts = ReturnType<typeof createAccounts>

/** Users and what lets them in: sessions by refresh token, and API tokens. All in memory. */
export function createAccounts(remembers: VersionTraits['remembersApiTokens']) {
  const users = new Map<string, Account>()
  const refreshTokens = new Map<string, StoredRefreshToken>()
  const all = () => [...users.values()]
  const newVersion = (user: Account) => {
    user.tokenVersion = randomHex(40)
  }
  const dropRefreshTokens = (userId: string) => {
    for (const [token, stored] of refreshTokens) {
      if (stored.userId === userId) refreshTokens.delete(token)
    }
  }

  return {
    ...apiTokens(remembers),
    all,
    byEmail: (email: string) => users.get(keyOf(email)),
    byId: (id: string) => all().find((user) => user.id === id),
    /** The first user of a server is its super admin, everyone after that a viewer. */
    add(input: { email: string; password: string; roles?: string[]; at: number }): Account {
      const first = users.size === 0 ? ['org-level-creator', 'super'] : ['org-level-viewer']
      const user: Account = {
        id: randomId('us'),
        email: keyOf(input.email),
        roles: input.roles ?? first,
        createdAt: input.at,
        password: input.password,
        tokenVersion: randomHex(40),
      }
      users.set(user.email, user)
      return user
    },
    remove(user: Account): void {
      dropRefreshTokens(user.id)
      users.delete(user.email)
    },
    newVersion,
    dropRefreshTokens,
    /** What sign-out, a password change and an administrator do: every session of the user ends. */
    endSessions(user: Account): void {
      newVersion(user)
      dropRefreshTokens(user.id)
    },
    addRefreshToken(userId: string, expiresAt: number): string {
      const token = randomHex(40)
      refreshTokens.set(token, { userId, expiresAt })
      return token
    },
    /** Takes the token out of circulation and says whose it was: single use. */
    takeRefreshToken(token: string): StoredRefreshToken | undefined {
      const stored = refreshTokens.get(token)
      refreshTokens.delete(token)
      return stored
    },
  }
}

/** NocoDB keeps e-mail addresses in lower case and finds them in any. */
function keyOf(email: string): string {
  return email.toLowerCase()
}

function apiTokens(remembers: VersionTraits['remembersApiTokens']) {
  const tokens = new Map<number, StoredApiToken>()
  const remembered = new Map<string, StoredApiToken>()
  let lastId = 0
  const find = (token: string) => [...tokens.values()].find((one) => one.token === token)

  return {
    apiTokensOf: (userId: string) => [...tokens.values()].filter((one) => one.userId === userId),
    apiTokenById: (id: number) => tokens.get(id),
    apiTokenCount: () => tokens.size,
    /**
     * Looks a presented token up. Servers before 2026 keep accepting a deleted one: the entry in their
     * cache is keyed by token and cleared by id.
     */
    presentApiToken(token: string): StoredApiToken | undefined {
      const stored = find(token) ?? remembered.get(token)
      if (stored && remembers !== 'never') remembered.set(token, stored)
      return stored
    },
    addApiToken(input: { userId: string; description: string | null; at: number }): StoredApiToken {
      lastId += 1
      const { userId, description, at: createdAt } = input
      const stored = { id: lastId, token: randomText(40), description, userId, createdAt }
      tokens.set(lastId, stored)
      if (remembers === 'from creation') remembered.set(stored.token, stored)
      return stored
    },
    deleteApiToken: (id: number) => tokens.delete(id),
    /** Deletes the token and what the server remembers of it, as a restart would. */
    forgetApiToken(id: number): boolean {
      const stored = tokens.get(id)
      if (stored) remembered.delete(stored.token)
      return tokens.delete(id)
    },
  }
}
