import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { Scheme } from '@latchkey/core'
import { powerAuth, type PowerAuthToken } from '@latchkey/powerauth'
import type { TokenReading } from '@latchkey/testing/node'
import { listen, type ListeningServer } from '@latchkey/testing/node'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  createPowerAuthDouble,
  expectedDigest,
  parseHeader,
  type PowerAuthDouble,
} from '../../packages/powerauth/test/support/power-auth-double.ts'
import { runContract } from './support/run-contract.ts'
import { statusesOf, subjects } from './support/subjects.ts'

/** The token that stands for a word: what the contract calls an access token never leaves the client. */
function tokenFor(word: string): PowerAuthToken {
  const bytes = createHash('sha256').update(word).digest()
  const hex = bytes.toString('hex')
  const groups = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)]
  const tokenId = [...groups, hex.slice(20, 32)].join('-')
  return { tokenId, tokenSecret: Buffer.from(bytes.subarray(16)).toString('base64') }
}

/** Signs as the managers of `powerAuth()` do: a header for each attempt, by the token's name. */
function signed(): Scheme {
  const tokens = powerAuth({ origin: 'http://127.0.0.1', createToken: tokenFor })
  return {
    name: 'PowerAuth',
    header: 'x-powerauth-token',
    async headers({ accessToken }) {
      await tokens.requestAccessToken(accessToken, 'possession')
      const { key, value } = await tokens.generateHeaderForToken(accessToken)
      return { [key]: value }
    },
  }
}

/** The server's half: it verifies the digest, and takes a nonce once for each path. */
function verifier(): TokenReading {
  const words = new Map<string, string>()
  const used = new Set<string>()
  return {
    makeToken(word) {
      words.set(tokenFor(word).tokenId, word)
      return word
    },
    tokenOf({ path, headers }) {
      const fields = parseHeader(headers['x-powerauth-token'] ?? '')
      const word = words.get(fields['token_id'] ?? '')
      const use = `${fields['nonce']} ${path}`
      if (word === undefined || used.has(use)) return undefined
      used.add(use)
      const digest = expectedDigest(tokenFor(word).tokenSecret, fields)
      return digest === fields['token_digest'] ? word : undefined
    },
  }
}

describe.each(subjects)('$name and PowerAuth', ({ subject }) => {
  runContract({ ...subject, scheme: signed() }, verifier())
})

describe.each(subjects)('$name and a PowerAuth server', ({ subject }) => {
  let aheadMs = 0
  let double: PowerAuthDouble
  let server: ListeningServer

  beforeAll(async () => {
    double = createPowerAuthDouble()
    server = await listen(double)
  })
  afterAll(() => server.close())
  beforeEach(() => {
    aheadMs = 0
    double.control.headers.length = 0
    Object.assign(double.control.counts, { created: 0, status: 0, accepted: 0, refused: 0 })
  })

  function setUp() {
    const tokens = powerAuth({
      origin: server.url,
      clock: { now: () => Date.now() + aheadMs },
      createToken: () => double.control.createToken(),
    })
    const manager = tokens.token('balance', { authentication: 'possession' })
    return { tokens, manager, send: subject.connect({ manager, baseUrl: server.url }) }
  }

  test('30 requests at once create one token, and each has a nonce of its own', async () => {
    const { send } = setUp()
    expect(await statusesOf(30, () => send('/balance'))).toEqual([200])
    const nonces = double.control.headers.map((header) => parseHeader(header)['nonce'])
    expect([double.control.counts.created, new Set(nonces).size]).toEqual([1, 30])
  })

  test('30 requests at once with a clock of yesterday read the server’s time once, and each is sent twice', async () => {
    const { send } = setUp()
    await send('/balance')
    aheadMs = -86_400_000
    expect(await statusesOf(30, () => send('/balance', { method: 'POST', body: 'x' }))).toEqual([
      200,
    ])
    const expected = { created: 1, status: 1, accepted: 31, refused: 30 }
    expect(double.control.counts).toMatchObject(expected)
    const nonces = double.control.headers.map((header) => parseHeader(header)['nonce'])
    expect(new Set(nonces).size).toBe(61)
  })

  test('a revoked token leads to a 401 for the caller, and the next request has a new one', async () => {
    const { send, manager } = setUp()
    await send('/balance')
    double.control.revoke()
    const { status, result } = await send('/balance')
    expect([status, manager.explain(result)?.code]).toEqual([401, 'ERR_FRESH_TOKEN_REJECTED'])
    expect((await send('/balance')).status).toBe(200)
    expect(double.control.counts).toMatchObject({ created: 2, refused: 2 })
  })
})
