import { expect, test } from 'vitest'
import { powerAuth } from '../src/index.ts'
import { kmac256 } from '../src/kmac.ts'
import { hmacSha256, type PowerAuthVersion, tokenDigest } from '../src/token-digest.ts'
import vectors from '../test/vectors.json' with { type: 'json' }

const toBytes = (base64: string) => Uint8Array.from(atob(base64), (one) => one.charCodeAt(0))

test('a page makes the digests of all vectors', async () => {
  const all = [...vectors.published.vectors, ...vectors.derived.vectors]
  const digests = all.map(async ({ version, tokenSecret, nonce, timestampMs }) => {
    const mac = version === '4.0' ? kmac256 : hmacSha256
    const signing = { version: version as PowerAuthVersion, mac }
    const input = { ...signing, nonce: toBytes(nonce), timestamp: timestampMs }
    return btoa(String.fromCharCode(...(await tokenDigest(tokenSecret, input))))
  })
  expect(all).toHaveLength(116)
  expect(await Promise.all(digests)).toEqual(all.map(({ tokenDigest: expected }) => expected))
})

test('a page signs with a token of its own', async () => {
  const [vector] = vectors.derived.vectors
  const { tokenId = '', tokenSecret = '' } = vector ?? {}
  const tokens = powerAuth({ origin: 'https://bank.test', tokenId, tokenSecret })
  const manager = tokens.token('balance')
  const request = { url: 'https://bank.test/balance', method: 'GET' }
  const { headers } = await manager.authorize(request)
  expect(headers['x-powerauth-token']).toContain(`token_id="${tokenId}"`)
})
