import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { inspect } from 'node:util'
import { bearer, createTokenManager, memoryStore, type TokenStore } from '@latchkey/core'
import { cookieStore } from '@latchkey/stores/cookie'
import { encrypted } from '@latchkey/stores/encrypted'
import { fileStore } from '@latchkey/stores/file'
import { webStore } from '@latchkey/stores/web'
import { type Lack, storeContract, type StorePlace } from '@latchkey/testing/store-contract'
import { parseSetCookie } from 'cookie'
import { describe, expect, test } from 'vitest'
import { newPlace } from './support/file-place.ts'
import { memoryStorage } from './support/memory-storage.ts'

const name = 'https://api.test'
const tokens = {
  accessToken: 'CANARY-7f3a-access',
  refreshToken: 'CANARY-7f3a-refresh',
  expiresAt: 2_000_000_000_000,
  refreshExpiresAt: 2_100_000_000_000,
}
const newer = { accessToken: 'CANARY-7f3a-access-2', refreshToken: 'CANARY-7f3a-refresh-2' }

const makeKey = () =>
  crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])

const key = await makeKey()
const wrongKey = expect.objectContaining({ name: 'StoreError', code: 'ERR_STORE_WRONG_KEY' })

/** The places that can be tried without a server; Redis is tried in e2e/test-parts. */
const places: Record<string, { lacks: Lack[]; place(): Promise<StorePlace> }> = {
  files: {
    lacks: [],
    async place() {
      const { directory, entry } = await newPlace()
      return {
        open: () => encrypted(fileStore({ directory }), key),
        read: (of) => readFile(entry(of), 'utf8').catch(() => undefined),
        async write(of, text) {
          await mkdir(directory, { recursive: true, mode: 0o700 })
          await writeFile(entry(of), text, { mode: 0o600 })
        },
      }
    },
  },
  'browser storage': {
    lacks: globalThis.navigator?.locks ? ['subscribe'] : ['subscribe', 'lock'],
    async place() {
      const storage = memoryStorage()
      const keyOf = (of: string) => `latchkey:app:${of}`
      return {
        open: () => encrypted(webStore({ storage }), key),
        read: (of) => storage.getItem(keyOf(of)) ?? undefined,
        write: (of, text) => storage.setItem(keyOf(of), text),
      }
    },
  },
  cookies: {
    lacks: ['lock', 'subscribe'],
    async place() {
      const headers = new Headers()
      const request = new Request('https://app.test')
      const cookieOf = (of: string) => `__Host-latchkey.app.${encodeURIComponent(of)}`
      return {
        open: () => encrypted(cookieStore({ request, headers }), key),
        read: (of) => {
          const cookies = headers.getSetCookie().map((line) => parseSetCookie(line))
          return cookies.findLast((cookie) => cookie.name === cookieOf(of))?.value || undefined
        },
        write(of, text) {
          const line = `${cookieOf(of)}=${encodeURIComponent(text)}`
          if (line.length > 4_096) throw new Error('More than a browser would have kept.')
          headers.append('set-cookie', line)
        },
      }
    },
  },
}

describe.each(Object.entries(places))('the contract, around %s', (_, subject) => {
  test.for(storeContract())('$name', async ({ run }, { skip }) => {
    const outcome = await run(subject)
    skip(outcome === 'skipped')
    expect(outcome).toBeUndefined()
  })
})

/** What lies in the inner store, as it is. */
const lies = async (inside: TokenStore, of = name) => JSON.stringify(await inside.getToken(of))

describe('what lies in the inner store', () => {
  test('shows no token, in any of the usual spellings, and is another text at each write', async () => {
    const inside = memoryStore()
    const store = encrypted(inside, key)
    await store.setToken(tokens, name)
    const first = await lies(inside)
    await store.setToken(tokens, name)
    const second = await lies(inside)
    expect(first).not.toBe(second)
    for (const text of [first, second]) {
      expect(text).not.toContain('CANARY')
      expect(
        atob(
          text
            .match(/1\.([\w-]+)/)?.[1]
            ?.replaceAll('-', '+')
            .replaceAll('_', '/') ?? '',
        ),
      ).not.toContain('CANARY')
    }
    expect(await store.getToken(name)).toEqual(tokens)
  })

  test('says how long the session is of use and whether it can be refreshed, as stores need to know', async () => {
    const inside = memoryStore()
    await encrypted(inside, key).setToken(tokens, name)
    const { expiresAt, refreshExpiresAt, refreshToken } = (await inside.getToken(name)) ?? {}
    expect({ expiresAt, refreshExpiresAt }).toEqual({
      expiresAt: tokens.expiresAt,
      refreshExpiresAt: tokens.refreshExpiresAt,
    })
    expect(refreshToken).toBe('encrypted')
  })

  test('is refused under another name: a session cannot be moved to another user', async () => {
    const inside = memoryStore()
    const store = encrypted(inside, key)
    await store.setToken(tokens, 'ada')
    const moved = await inside.getToken('ada')
    await inside.setToken(moved ?? newer, 'bob')
    await expect(store.getToken('bob')).rejects.toEqual(wrongKey)
  })

  test('is refused when it was cut, wherever that was', async () => {
    const inside = memoryStore()
    const store = encrypted(inside, key)
    await store.setToken(tokens, name)
    const { accessToken = '' } = (await inside.getToken(name)) ?? {}
    for (const length of [1, 2, 3, 4, 5, 20, 21, 22, 23, 24, 40, 41, 42, 43]) {
      await inside.setToken({ accessToken: accessToken.slice(0, 21 + length) }, name)
      await expect(store.getToken(name), `${length} digits`).rejects.toEqual(wrongKey)
    }
  })

  test('is refused when one bit of it was changed', async () => {
    const inside = memoryStore()
    const store = encrypted(inside, key)
    await store.setToken(tokens, name)
    const kept = await inside.getToken(name)
    const at = 40
    const other = kept?.accessToken[at] === 'A' ? 'B' : 'A'
    const altered = `${kept?.accessToken.slice(0, at)}${other}${kept?.accessToken.slice(at + 1)}`
    await inside.setToken({ accessToken: altered }, name)
    await expect(store.getToken(name)).rejects.toEqual(wrongKey)
  })

  test('is invalid if it is not encrypted, and the next sign-in replaces it', async () => {
    const inside = memoryStore()
    const store = encrypted(inside, key)
    await inside.setToken(tokens, name)
    await expect(store.getToken(name)).rejects.toMatchObject({ code: 'ERR_STORE_GARBAGE' })
    await store.setToken(newer, name)
    expect(await store.getToken(name)).toEqual(newer)
  })

  test('is kept if a later release encrypted it, until the user signs out', async () => {
    const inside = memoryStore()
    const store = encrypted(inside, key)
    await inside.setToken({ accessToken: 'latchkey-encrypted.2.abcd' }, name)
    const newerFormat = { code: 'ERR_STORE_NEWER' }
    await expect(store.getToken(name)).rejects.toMatchObject(newerFormat)
    await expect(store.setToken(newer, name)).rejects.toMatchObject(newerFormat)
    await store.removeToken(name)
    expect(await store.getToken(name)).toBeUndefined()
  })
})

describe('a wrong key', () => {
  async function scene() {
    const inside = memoryStore()
    await encrypted(inside, key).setToken(tokens, name)
    return { inside, store: encrypted(inside, await makeKey()), before: await lies(inside) }
  }

  test('says so, and neither removes nor replaces what lies there', async () => {
    const { inside, store, before } = await scene()
    const calls = [
      () => store.getToken(name),
      () => store.setToken(newer, name),
      () => store.removeToken(name),
    ]
    for (const call of calls) {
      const error: unknown = await call().catch((thrown: unknown) => thrown)
      expect(error).toEqual(wrongKey)
      expect(inspect(error, { depth: null })).not.toContain('CANARY')
    }
    expect(await lies(inside)).toBe(before)
    expect(await encrypted(inside, key).getToken(name)).toEqual(tokens)
  })

  test('costs a manager nothing but its store: it signs in, goes on in memory, and tells why', async () => {
    const { inside, store, before } = await scene()
    const manager = createTokenManager({
      origin: name,
      name,
      scheme: bearer(),
      grants: [{ name: 'password', request: async () => newer }],
      store,
    })
    const told: unknown[] = []
    manager.on('storeFailed', ({ operation, error }) => told.push([operation, error.cause]))
    expect((await manager.getTokens()).accessToken).toBe(newer.accessToken)
    await manager.signOut()
    expect(told).toEqual([
      ['get', wrongKey],
      ['set', wrongKey],
      ['remove', wrongKey],
    ])
    expect(await lies(inside)).toBe(before)
  })

  test('can be given up knowingly, by the inner store', async () => {
    const { inside, store } = await scene()
    await inside.removeToken(name)
    await store.setToken(newer, name)
    expect(await store.getToken(name)).toEqual(newer)
  })
})

describe('rotation', () => {
  test('the first key encrypts, the others still decrypt, and a write leaves the old key behind', async () => {
    const inside = memoryStore()
    const next = await makeKey()
    await encrypted(inside, key).setToken(tokens, name)
    const rotating = encrypted(inside, [next, key])
    expect(await rotating.getToken(name)).toEqual(tokens)
    await rotating.setToken(newer, name)
    expect(await encrypted(inside, next).getToken(name)).toEqual(newer)
    await expect(encrypted(inside, key).getToken(name)).rejects.toEqual(wrongKey)
  })

  test('an old key only has to decrypt', async () => {
    const inside = memoryStore()
    const raw = crypto.getRandomValues(new Uint8Array(32))
    const load = (usages: KeyUsage[]) =>
      crypto.subtle.importKey('raw', raw, 'AES-GCM', false, usages)
    await encrypted(inside, await load(['encrypt', 'decrypt'])).setToken(tokens, name)
    const store = encrypted(inside, [await makeKey(), await load(['decrypt'])])
    expect(await store.getToken(name)).toEqual(tokens)
  })
})

describe('a passphrase', () => {
  const passphrase = { passphrase: 'correct horse battery', salt: 'latchkey-test' }

  test('encrypts as a key does: every process that has it and the salt reads the session', async () => {
    const inside = memoryStore()
    await encrypted(inside, passphrase).setToken(tokens, name)
    expect(await encrypted(inside, { ...passphrase }).getToken(name)).toEqual(tokens)
    const others = [
      { ...passphrase, salt: 'latchkey-other' },
      { ...passphrase, passphrase: 'Correct horse battery' },
    ]
    for (const other of others) {
      await expect(encrypted(inside, other).getToken(name)).rejects.toEqual(wrongKey)
    }
    expect(await encrypted(inside, [key, passphrase]).getToken(name)).toEqual(tokens)
  })

  test('is the same whichever way its letters are composed', async () => {
    const inside = memoryStore()
    const salt = 'latchkey-test'
    await encrypted(inside, { passphrase: 'cl\u00e9 de vo\u00fbte', salt }).setToken(tokens, name)
    const decomposed = { passphrase: 'cle\u0301 de vou\u0302te', salt }
    expect(await encrypted(inside, decomposed).getToken(name)).toEqual(tokens)
  })

  test('is 600,000 rounds of PBKDF2-SHA-256: what lies there can be opened without Latchkey', async () => {
    const inside = memoryStore()
    await encrypted(inside, passphrase).setToken(tokens, name)
    const text = new TextEncoder()
    const base = await crypto.subtle.importKey(
      'raw',
      text.encode(passphrase.passphrase),
      'PBKDF2',
      false,
      ['deriveKey'],
    )
    const derived = await crypto.subtle.deriveKey(
      { name: 'PBKDF2', hash: 'SHA-256', iterations: 600_000, salt: text.encode(passphrase.salt) },
      base,
      { name: 'AES-GCM', length: 256 },
      false,
      ['decrypt'],
    )
    const sealed = (await inside.getToken(name))?.accessToken.split('.')[2] ?? ''
    const bytes = Buffer.from(sealed, 'base64url')
    const additionalData = text.encode(`latchkey-encrypted.1.${JSON.stringify(name)}`)
    const iv = bytes.subarray(0, 12)
    const algorithm = { name: 'AES-GCM', iv, additionalData }
    const plain = await crypto.subtle.decrypt(algorithm, derived, bytes.subarray(12))
    expect(JSON.parse(new TextDecoder().decode(plain))).toEqual({ version: 1, ...tokens })
  })
})

describe('a key that cannot be', () => {
  test('is refused at once, and the message repeats nothing of it', async () => {
    const signing = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, [
      'sign',
    ])
    const decrypting = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, [
      'decrypt',
    ])
    const wrong: unknown[] = [
      undefined,
      null,
      'CANARY-7f3a-passphrase',
      [],
      [undefined],
      {},
      signing,
      decrypting,
      { passphrase: 'CANARY-7f3a', salt: 'latchkey-test' },
      { passphrase: 'CANARY-7f3a-passphrase', salt: 'short' },
      { passphrase: 'CANARY-7f3a-passphrase' },
    ]
    for (const one of wrong) {
      let error: unknown
      try {
        encrypted(memoryStore(), one as CryptoKey)
      } catch (thrown) {
        error = thrown
      }
      expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION' })
      expect(inspect(error)).not.toContain('CANARY')
    }
  })
})

test('what the inner store can do is passed on, and what it cannot do is absent', () => {
  const three = {
    getToken: () => undefined,
    setToken: () => undefined,
    removeToken: () => undefined,
  }
  expect(Object.keys(encrypted(three, key))).toEqual(['getToken', 'setToken', 'removeToken'])
  const all = Object.keys(encrypted({ ...fileStore({ directory: 'x' }), renewAheadMs: 0 }, key))
  expect(all.toSorted()).toEqual([
    'canWrite',
    'getToken',
    'lock',
    'names',
    'removeToken',
    'renewAheadMs',
    'setToken',
    'subscribe',
  ])
})
