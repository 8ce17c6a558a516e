import { randomUUID } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import type { TokenSet, TokenStore } from '@latchkey/core'

export function sqliteStore(path: string): TokenStore {
  const db = new DatabaseSync(path)
  db.exec(`PRAGMA busy_timeout = 2000;
    CREATE TABLE IF NOT EXISTS sessions (name TEXT PRIMARY KEY, accessToken TEXT NOT NULL,
      refreshToken TEXT, expiresAt REAL, refreshExpiresAt REAL) STRICT;
    CREATE TABLE IF NOT EXISTS locks (name TEXT PRIMARY KEY, holder TEXT, until REAL) STRICT`)
  const take = db.prepare(`INSERT INTO locks VALUES (:name, :holder, :now + 30000)
    ON CONFLICT DO UPDATE SET holder = :holder, until = :now + 30000 WHERE until < :now`)
  const key = (name: string) => JSON.stringify(name) // any text, NUL and half an emoji included
  return {
    getToken(name) {
      const row = db.prepare('SELECT * FROM sessions WHERE name = ?').get(key(name))
      const { name: _, ...fields } = row ?? {}
      const known = Object.entries(fields).filter(([, value]) => value !== null)
      return row && (Object.fromEntries(known) as unknown as TokenSet)
    },
    setToken(tokens, name) {
      const own: TokenSet = Object.assign(Object.create(null), tokens) // nothing that it inherits
      const { accessToken, refreshToken = null, expiresAt = null, refreshExpiresAt = null } = own
      const replace = db.prepare('REPLACE INTO sessions VALUES (?, ?, ?, ?, ?)')
      replace.run(key(name), accessToken, refreshToken, expiresAt, refreshExpiresAt)
    },
    removeToken: (name) => db.prepare('DELETE FROM sessions WHERE name = ?').run(key(name)),
    async lock(name, run) {
      const holder = randomUUID()
      while (take.run({ name: key(name), holder, now: Date.now() }).changes === 0) await pause(20)
      const free = db.prepare('DELETE FROM locks WHERE name = ? AND holder = ?')
      return run().finally(() => free.run(key(name), holder))
    },
  }
}
