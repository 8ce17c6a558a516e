import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { kmac256 } from '../src/kmac.ts'
import { hmacSha256, type PowerAuthVersion, signToken, tokenDigest } from '../src/token-digest.ts'
import { parseHeader } from './support/power-auth-double.ts'

interface Vector {
  version: PowerAuthVersion
  tokenSecret: string
  nonce: string
  timestampMs: string
  tokenDigest: string
}
interface Vectors {
  published: { vectors: Vector[] }
  derived: { vectors: (Vector & { tokenId: string; headerMobileSdkOrder: string })[] }
  headerSamples: { values: string[] }
}

const { published, derived, headerSamples } = JSON.parse(
  readFileSync(new URL('vectors.json', import.meta.url), 'utf8'),
) as Vectors

async function digestOf({ version, tokenSecret, nonce, timestampMs }: Vector): Promise<string> {
  const mac = version === '4.0' ? kmac256 : hmacSha256
  const bytes = Uint8Array.from(Buffer.from(nonce, 'base64'))
  const input = { version, mac, nonce: bytes, timestamp: timestampMs }
  return Buffer.from(await tokenDigest(tokenSecret, input)).toString('base64')
}

test('there are 100 published vectors and 16 derived ones, of every version', () => {
  expect([published.vectors.length, derived.vectors.length]).toEqual([100, 16])
  const versions = [...published.vectors, ...derived.vectors].map(({ version }) => version)
  expect([...new Set(versions)].toSorted()).toEqual(['3.0', '3.1', '3.2', '3.3', '4.0'])
})

describe.each([
  ['published, 4.0', published.vectors],
  ['derived, 3.0 to 3.3', derived.vectors],
])('the digests that were %s', (_, vectors) => {
  test.each(vectors)('$version with nonce $nonce', async (vector) => {
    expect(await digestOf(vector)).toBe(vector.tokenDigest)
  })
})

test.each(['3.0', '3.1', '3.2', '3.3'] as const)(
  'a header of %s is written in the order of the mobile SDKs, with 16 fresh bytes of nonce',
  async (version) => {
    const { tokenId, tokenSecret, headerMobileSdkOrder } = derived.vectors.find(
      (vector) => vector.version === version,
    )!
    const sign = () => signToken({ tokenId, tokenSecret }, { version, mac: hmacSha256 }, 1.9e12)
    const [first, second] = [await sign(), await sign()]
    expect(first.key).toBe('X-PowerAuth-Token')
    expect(first.value).toMatch(
      /^PowerAuth version="3\.[0-3]", token_id="[0-9a-f-]{36}", token_digest="[A-Za-z0-9+/]{43}=", nonce="[A-Za-z0-9+/]{22}==", timestamp="1900000000000"$/,
    )
    const keysOf = (header: string) => Object.keys(parseHeader(header))
    expect(keysOf(first.value)).toEqual(keysOf(headerMobileSdkOrder))
    expect(parseHeader(first.value)['nonce']).not.toBe(parseHeader(second.value)['nonce'])
    expect(first.value).not.toContain(tokenSecret)
  },
)

test("a server's own sample reads as its fields, without commas and in another order", () => {
  expect(parseHeader(headerSamples.values[0]!)).toMatchObject({
    token_id: '0f3da4d7-427d-4b54-8211-b1995214810b',
    timestamp: '1541000429960',
    version: '2.1',
  })
})
