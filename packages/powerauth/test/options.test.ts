import { readdirSync, readFileSync } from 'node:fs'
import { memoryStore } from '@latchkey/core'
import { describe, expect, test } from 'vitest'
import { powerAuth } from '../src/index.ts'
import { kmac256 } from '../src/kmac.ts'

const origin = 'https://bank.test'
const createToken = () => ({ tokenId: 'CANARY-7f3a', tokenSecret: 'CANARY-7f3a' })
const realToken = {
  tokenId: 'd6561669-34d6-4fee-8913-89477687a5cb',
  tokenSecret: 'AAAAAAAAAAAAAAAAAAAAAA==',
}
const statusUrl = 'https://ada:CANARY-7f3a@bank.test/pa/v3/status'
const known = { tokenId: 'd6561669-34d6-4fee-8913-89477687a5cb', tokenSecret: 'CANARY-7f3a' }

describe('powerAuth() refuses at once', () => {
  test.each<[string, object, RegExp]>([
    ['no source of tokens', {}, /set one of `createToken`/],
    ['two sources', { createToken, tokenStore: {} }, /set one of `createToken`/],
    ['a createToken that is none', { createToken: 'x' }, /`createToken` must be a function/],
    ['a removeToken that is none', { createToken, removeToken: 1 }, /`removeToken` must be/],
    ['an activationId that is none', { createToken, activationId: 'a' }, /`activationId` must be/],
    ['a serverTime that is none', { createToken, serverTime: 1 }, /`serverTime` must be/],
    ['another version', { createToken, version: '2.1' }, /`version` must be one of 3.0, 3.1, 3.2/],
    ['4.0 without its MAC', { createToken, version: '4.0' }, /needs `mac: kmac256`/],
    ['a tokenStore that is none', { tokenStore: {} }, /`tokenStore` must be the `tokenStore`/],
    ['an empty instanceId', { createToken, instanceId: '' }, /`instanceId` must be/],
    ['a store that is none', { createToken, store: {} }, /`store` must be an object/],
    ['a statusUrl that is none', { createToken, statusUrl: '/pa' }, /`statusUrl` must be/],
    ['a password in statusUrl', { createToken, statusUrl }, /`statusUrl` must not hold a user/],
    ['an unusable secret', known, /`tokenSecret` is not the padded Base64 of 16 bytes/],
    ['an origin with a path', { createToken, origin: `${origin}/a` }, /`origin` must be scheme/],
    ['plain http', { createToken, origin: 'http://bank.test' }, /`origin` is plain http/],
    ['no origin', { createToken, origin: undefined }, /`origin` must/],
    ['a time limit of nothing', { createToken, renewTimeoutMs: 0 }, /`renewTimeoutMs` must be/],
    [
      'a misspelt option',
      { createToken, statusURL: '/' },
      /Unknown option `statusURL`.*statusUrl, /,
    ],
    ['a clock that is none', { createToken, clock: {} }, /`clock` must be/],
  ])('%s', (_, options, message) => {
    const make = () => powerAuth({ origin, ...options } as never)
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }))
    expect(make).toThrow(message)
    expect(make).not.toThrow(/CANARY/)
  })

  test('but takes what core takes', () => {
    const options = { whenRefused: 'keep', whenSignedOut: 'send', renewAheadMs: 1 } as const
    expect(() => powerAuth({ origin, createToken, ...options })).not.toThrow()
  })

  test('an invalid name', () => {
    const tokens = powerAuth({ origin, createToken })
    expect(() => tokens.token('')).toThrow(/`name` must be a non-empty string/)
  })
})

test('powerAuth() reads, stores and sends nothing by itself', async () => {
  const store = memoryStore()
  const refuse = () => {
    throw new Error('asked')
  }
  const options = { origin, store, activationId: refuse, fetch: refuse, serverTime: refuse }
  powerAuth({ ...options, createToken: refuse }).token('balance')
  expect(await store.names?.()).toEqual([])
})

test('an undefined option counts as absent', async () => {
  const none = { tokenStore: undefined, tokenId: undefined, store: undefined, mac: undefined }
  const tokens = powerAuth({ origin, ...none, createToken: () => realToken } as never)
  const { tokenIdentifier } = await tokens.requestAccessToken('balance', 'possession')
  expect(tokenIdentifier).toBe(known.tokenId)
})

test('4.0 signs with KMAC256 and secrets of 32 bytes', async () => {
  const tokenSecret = Buffer.from('CANARY-7f3a-CANARY-7f3a-CANARY-7').toString('base64')
  const signing = { version: '4.0', mac: kmac256 } as const
  const tokens = powerAuth({ origin, ...signing, tokenId: known.tokenId, tokenSecret })
  await tokens.requestAccessToken('balance', 'possession')
  const { value } = await tokens.generateHeaderForToken('balance')
  expect(value).toMatch(/^PowerAuth version="4\.0", token_id=/)
})

test('KMAC is loaded only by its own module', () => {
  const folder = new URL('../src/', import.meta.url)
  const sources = readdirSync(folder).filter((name) => name !== 'kmac.ts')
  const loading = sources.filter((name) =>
    /from '(\.\/kmac|@noble)/.test(readFileSync(new URL(name, folder), 'utf8')),
  )
  expect(sources).toContain('index.ts')
  expect(loading).toEqual([])
})
